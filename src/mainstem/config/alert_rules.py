"""What one key of `alerts` and `dashboard` says about another, on the raw values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mainstem.config.alerts import Rule
from mainstem.config.validate import as_list, as_mapping, nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from mainstem.config.document import Document, KeyPath
    from mainstem.errors import Problem


def alert_rules(document: Document, alerts: Mapping[str, Any]) -> Iterator[Problem]:
    """Check that every channel that is named is there, and that what goes to customers is mail."""
    channels = as_mapping(alerts.get("channels"))
    for rule in Rule:
        named = as_mapping(alerts.get(rule.value)).get("channels")
        yield from _named(document, ("alerts", rule.value, "channels"), named, channels)
    for owner, named in as_mapping(alerts.get("owners")).items():
        yield from _named(document, ("alerts", "owners", owner), named, channels)
    yield from _customer_rules(document, alerts, channels)


def _named(
    document: Document, key: KeyPath, named: object, channels: Collection[str]
) -> Iterator[Problem]:
    for place, name in enumerate(as_list(named)):
        if name not in channels:
            hint = nearest(str(name), channels)
            yield document.problem((*key, place), "is not one of alerts.channels", hint)


def _customer_rules(
    document: Document, alerts: Mapping[str, Any], channels: Mapping[str, Any]
) -> Iterator[Problem]:
    customers = alerts.get("customers")
    if as_mapping(alerts.get("license_headroom")).get("customers") and customers is None:
        key: KeyPath = ("alerts", "license_headroom", "customers")
        reason = "has no address to write to"
        yield document.problem(key, reason, "say where they stand: alerts.customers")
    if isinstance(customers, dict) and "via" in customers:
        key = ("alerts", "customers", "via")
        via = channels.get(customers["via"])
        if via is None:
            hint = nearest(str(customers["via"]), channels)
            yield document.problem(key, "is not one of alerts.channels", hint)
        elif "smtp" not in as_mapping(via):
            yield document.problem(key, "is not a channel of mail", "give it smtp")


def access_rules(
    document: Document, dashboard: Mapping[str, Any], regions: Collection[str]
) -> Iterator[Problem]:
    """Check that roles name regions that there are."""
    roles = as_list(as_mapping(dashboard.get("access")).get("roles"))
    for place, role in enumerate(roles):
        for at, region in enumerate(as_list(as_mapping(role).get("regions"))):
            if region not in regions:
                key: KeyPath = ("dashboard", "access", "roles", place, "regions", at)
                reason = "is not one of the regions in this file"
                yield document.problem(key, reason, nearest(str(region), regions))
