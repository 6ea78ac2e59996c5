"""Checks of the stores themselves: who may read them, and what their own rules do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mainstem.doctor.finding import Finding
from mainstem.errors import MainstemError
from mainstem.records import Signal
from mainstem.retain.rule import lifecycle_rules
from mainstem.store import INDEX, LEDGER, READS, Account, central_container

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mainstem.config.platform import Platform
    from mainstem.doctor.finding import Patient

_OWN = (*(signal.value for signal in Signal), LEDGER, INDEX, READS)


def public_containers(patient: Patient) -> Iterator[Finding]:
    """Containers that everybody may read."""
    for account, containers in _accounts(patient.platform):
        try:
            readable = [
                (name, what) for name in containers if (what := account.public_access(name))
            ]
        except MainstemError:
            # A store that does not answer is told as such, by itself.
            continue
        for name, what in readable:
            yield Finding(
                account.label,
                f"everybody may read the container {name} (public access: {what})",
                "az storage account update --allow-blob-public-access false --name "
                f"{account.label.removeprefix('az://')}",
            )


def hierarchical_accounts(patient: Patient) -> Iterator[Finding]:
    """Accounts whose names are folders: Azure's own object replication leaves them out."""
    for account, _ in _accounts(patient.platform):
        try:
            traits = account.azure_traits()
        except MainstemError:
            continue
        if traits is not None and traits.hierarchical:
            yield Finding(
                account.label,
                "it has a hierarchical namespace, which cannot be turned off, and Azure replicates "
                "nothing from or to such an account",
                "`mainstem replicate` copies from it all the same; for Azure's object replication "
                "make another account without it.",
            )


def unreached(patient: Patient) -> Iterator[Finding]:
    """Regions whose store could not be looked at."""
    for region, reason in patient.evidence.unread.items():
        yield Finding(
            region,
            f"its store cannot be looked at: {reason}",
            "Check its address in the platform file, and that this identity may list and read it.",
        )


@dataclass(frozen=True)
class LifecycleRules:
    """Compares an account's lifecycle policy, as Azure gives it, with what retention asks for."""

    account: str
    policy: Mapping[str, Any]

    def findings(self, platform: Platform) -> Iterator[Finding]:
        """Say where blobs go too early, stay too long, or leave versions for ever."""
        wanted = next(
            (each for each in lifecycle_rules(platform) if each.account == self.account), None
        )
        if wanted is None:
            known = ", ".join(sorted(each.account for each in lifecycle_rules(platform)))
            yield Finding(
                self.account, "the platform file has no such account", f"It knows {known}."
            )
            return
        rules = [rule for rule in self._rules() if rule.get("enabled", True)]
        for kept in wanted.kept:
            matching = [rule for rule in rules if _matches(rule, kept.prefix)]
            days = [age for rule in matching if (age := _delete_after(rule, "baseBlob"))]
            shown = f"blobs in {kept.prefix.rstrip('/')}"
            cure = "Set what `mainstem retain --print-rule` prints; an account has one policy."
            if not days:
                yield Finding(self.account, f"no rule deletes {shown}", cure)
            elif min(days) < kept.days:
                yield Finding(
                    self.account,
                    f"{shown} go after {min(days):g} days, and are to be kept for {kept.days}",
                    cure,
                )
            elif min(days) > kept.days:
                yield Finding(
                    self.account,
                    f"{shown} stay for {min(days):g} days, and may be kept for {kept.days}",
                    cure,
                )
            if matching and not any(_delete_after(rule, "version") for rule in matching):
                yield Finding(
                    self.account,
                    f"older versions of {shown} stay for ever: no rule deletes them",
                    cure,
                )

    def _rules(self) -> list[Mapping[str, Any]]:
        # As `az storage account management-policy show` prints it, or the policy alone.
        policy = self.policy.get("policy", self.policy)
        return list(policy.get("rules", []))


def _matches(rule: Mapping[str, Any], prefix: str) -> bool:
    filters = rule.get("definition", {}).get("filters", {}) or {}
    prefixes = filters.get("prefixMatch") or [""]
    return any(prefix.startswith(each) for each in prefixes)


def _delete_after(rule: Mapping[str, Any], what: str) -> float | None:
    action = (rule.get("definition", {}).get("actions", {}).get(what) or {}).get("delete") or {}
    ages = [
        float(value)
        for key, value in action.items()
        if key.startswith("daysAfter") and isinstance(value, int | float)
    ]
    return min(ages) if ages else None


def _accounts(platform: Platform) -> Iterator[tuple[Account, list[str]]]:
    for region in platform.regions.values():
        if region.store is not None:
            yield Account.open(region.store, platform.directory), list(_OWN)
    if platform.central is None or platform.home is not None:
        return
    for address in platform.central.addresses:
        names = [
            central_container(region, signal.value if signal else LEDGER)
            for region in platform.regions
            for signal in (*Signal, None)
            if platform.centre_of(region, signal) == address
        ]
        yield Account.open(address, platform.directory), names
