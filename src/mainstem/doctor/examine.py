"""The checks, in order, and what they found."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mainstem.books.evidence import gather
from mainstem.doctor import collectors, ledgers, replication, stores, witnesses
from mainstem.doctor.finding import Finding, Patient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mainstem.config.platform import Platform
    from mainstem.doctor.stores import LifecycleRules

CHECKS: dict[str, Callable[[Patient], Iterator[Finding]]] = {
    "stores can be looked at": stores.unreached,
    "nobody else may read them": stores.public_containers,
    "accounts can be replicated by Azure": stores.hierarchical_accounts,
    "Azure replicates two accounts into one": replication.crowded_destinations,
    "Azure replicates block blobs": replication.append_blobs,
    "accounts that Azure replicates keep versions": replication.unversioned_accounts,
    "configurations start": collectors.configurations,
    "keys are there, private and young": collectors.keys,
    "spools have room and empty themselves": collectors.spools,
    "what is acknowledged lasts": collectors.durability,
    "collectors are heard of": ledgers.silent_collectors,
    "clocks agree": ledgers.clocks,
    "hours are closed": ledgers.open_hours,
    "every blob has an entry": ledgers.without_entry,
    "every foreign blob is loaded": ledgers.nobody_loads,
    "the witness holds the newest heads": witnesses.heads,
    "what travels has travelled": ledgers.late_copies,
    "nothing went before it was loaded": ledgers.gone_before_load,
    "loads run": ledgers.late_loads,
}


@dataclass
class Examination:
    """What each check found, by its name; an empty list is well."""

    checks: dict[str, list[Finding]] = field(default_factory=dict)
    isolated: list[str] = field(default_factory=list)

    @property
    def well(self) -> bool:
        """Whether no check found anything."""
        return not any(self.checks.values())


def examine(
    platform: Platform,
    lifecycle: Sequence[LifecycleRules] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> Examination:
    """Run every check on what this platform file can reach; nothing is changed.

    `lifecycle` are policies of accounts as Azure gives them, which its data plane does not.
    """
    result = Examination()
    with gather(platform, progress) as evidence:
        result.isolated = list(evidence.isolated)
        patient = Patient(platform, evidence, datetime.now(UTC).replace(tzinfo=None))
        for name, check in CHECKS.items():
            progress(name)
            result.checks[name] = list(check(patient))
    for rules in lifecycle:
        result.checks[f"lifecycle rules of {rules.account}"] = list(rules.findings(platform))
    return result
