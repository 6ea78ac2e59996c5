"""The rules: each asks what was published, and says what it found in words with numbers.

A rule whose tables are not there decides nothing: its open episodes stay as they are, and the run
says why. All reckoning of days counts back from the data's own latest day, so that an old build is
told as such (`freshness`) and not as a hundred silent tenants.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mainstem.alert.limits import license_headroom
from mainstem.alert.running import books, freshness, privacy
from mainstem.alert.tables import Undecided
from mainstem.alert.use import silence, spikes, usage_vs_billing
from mainstem.config.alerts import Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mainstem.alert.finding import Finding
    from mainstem.config.alerts import Alerts
    from mainstem.present.published import Published

_RULES: dict[Rule, Callable[[Published, Any, datetime], Iterable[Finding]]] = {
    Rule.LICENSE_HEADROOM: license_headroom,
    Rule.USAGE_VS_BILLING: usage_vs_billing,
    Rule.SPIKES: spikes,
    Rule.SILENCE: silence,
    Rule.BOOKS: books,
    Rule.PRIVACY: privacy,
    Rule.FRESHNESS: freshness,
}


@dataclass
class Evaluation:
    """What the rules that are on found, and which of them could not decide, and why."""

    findings: list[Finding] = field(default_factory=list)
    decided: set[Rule] = field(default_factory=set)
    undecided: dict[Rule, str] = field(default_factory=dict)


def evaluate(published: Published, alerts: Alerts, now: datetime) -> Evaluation:
    """Ask every rule that is on; `now` is aware of its zone."""
    result = Evaluation()
    at = now.astimezone(UTC).replace(tzinfo=None)
    for rule, settings in alerts.rules.items():
        try:
            result.findings += _RULES[rule](published, settings, at)
            result.decided.add(rule)
        except Undecided as reason:
            result.undecided[rule] = str(reason)
    return result
