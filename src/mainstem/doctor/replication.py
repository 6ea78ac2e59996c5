"""Checks of what Azure itself is to copy: what its object replication asks for, and leaves out.

https://learn.microsoft.com/azure/storage/blobs/object-replication-overview
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mainstem.config.routes import Replicator
from mainstem.doctor.finding import Finding
from mainstem.errors import MainstemError
from mainstem.records import Signal
from mainstem.store import Account, central_container

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mainstem.config.platform import Platform, Region
    from mainstem.doctor.finding import Patient
    from mainstem.store import BlobTraits

MOST_SOURCES = 2
"""Accounts that Azure replicates into one."""


def crowded_destinations(patient: Patient) -> Iterator[Finding]:
    """Central accounts that Azure is to replicate more accounts into than it does."""
    platform = patient.platform
    for address in platform.central.addresses if platform.central else ():
        sources = sorted(
            {
                Account.open(region.store, platform.directory).label
                for region in platform.regions.values()
                if region.store is not None and address in _copied_by_azure(platform, region)
            }
        )
        if len(sources) > MOST_SOURCES:
            yield Finding(
                Account.open(address, platform.directory).label,
                f"Azure is to replicate {len(sources)} accounts into it ({', '.join(sources)}), "
                f"and an account is the destination of {MOST_SOURCES} at most",
                "Spread the regions over several central.stores, or let mainstem copy (`by`).",
            )


def append_blobs(patient: Patient) -> Iterator[Finding]:
    """Append blobs where Azure is to copy: it leaves them out without a word."""
    for account, name, traits in _newest(patient):
        if traits.kind == "AppendBlob":
            yield Finding(
                account.label,
                f"{name} is an append blob, and Azure replicates block blobs only",
                "Turn `append_blob` off in the exporter, or let mainstem copy (`by`).",
            )


def unversioned_accounts(patient: Patient) -> Iterator[Finding]:
    """Accounts that keep no versions, without which Azure replicates nothing from or to them."""
    found = {
        account.label: name for account, name, traits in _newest(patient) if not traits.versioned
    }
    for label, name in found.items():
        yield Finding(
            label,
            f"{name} has no version, and Azure replicates only between accounts that keep versions",
            "az storage account blob-service-properties update --enable-versioning true "
            f"--account-name {label.removeprefix('az://')} (the source: --enable-change-feed true, "
            "too)",
        )


def _copied_by_azure(platform: Platform, region: Region) -> set[str | None]:
    """Give the central stores that Azure copies a region's signals or ledger to."""
    found = {platform.centre_of(region.name, s) for s in Signal if region.is_by_azure(s)}
    if region.ledger_by is Replicator.AZURE:
        found.add(platform.centre_of(region.name))
    return found


def _newest(patient: Patient) -> Iterator[tuple[Account, str, BlobTraits]]:
    """Give the newest blob of each container that Azure copies from or to, and what it is."""
    platform = patient.platform
    for region in platform.regions.values():
        for signal in Signal:
            if not region.is_by_azure(signal):
                continue
            ends = {
                "region": (region.store, signal.value),
                "centre": (
                    platform.centre_of(region.name, signal),
                    central_container(region.name, signal.value),
                ),
            }
            for end, (address, container) in ends.items():
                name = patient.evidence.warehouse.value(
                    "SELECT arg_max(name, modified) FROM blobs "
                    "WHERE region = ? AND store = ? AND container = ?",
                    (region.name, end, container),
                )
                if address is None or name is None:
                    continue
                account = Account.open(address, platform.directory)
                try:
                    traits = account.blob_traits(container, name)
                except MainstemError:
                    # A store that does not answer is told as such, by itself.
                    continue
                if traits is not None:
                    yield account, f"{container}/{name}", traits
