"""What travels, and what of it the centre does not have yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mainstem.config.routes import Route
from mainstem.records import LedgerEntry, Signal
from mainstem.store import (
    LEDGER,
    Account,
    central_container,
    has_segment_id,
    new_places,
    read_entries,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mainstem.config.platform import Platform, Region
    from mainstem.store import Container, ObjectInfo


def travels(region: Region, entry: LedgerEntry) -> bool:
    """Tell whether a segment's blob leaves its region by replication.

    Of a signal's classes only the one that has its name does.
    """
    return (
        entry.blob is not None
        and entry.signal is not None
        and region.route(entry.signal) is Route.REPLICATE
        and (entry.container_class or entry.signal) == entry.signal
    )


def missing_past(region: Region, source: Account, centre: Account) -> list[LedgerEntry]:
    """List the segments that travel, are still in their region, and are not in the centre.

    They were written while the signal had another route: replication had passed their entries.
    """
    ledger = source.container(LEDGER)
    entries = [
        entry
        for entry in read_entries(ledger, new_places(ledger, {})).entries
        if travels(region, entry)
    ]
    there = {
        (signal, info.name)
        for signal in routed(region)
        for info in centre.container(central_container(region.name, signal.value)).list()
    }
    here = {
        (name, info.name)
        for name in {entry.blob.container for entry in entries if entry.blob is not None}
        for info in source.container(name).list()
    }
    return [
        entry
        for entry in entries
        if entry.blob is not None
        and (entry.signal, entry.blob.name) not in there
        and (entry.blob.container, entry.blob.name) in here
    ]


def travelling(platform: Platform) -> Iterator[tuple[Region, Account, Account]]:
    """Give each region that has copies in the centre, with its account and the centre's."""
    if platform.central is None:
        return
    centre = Account.open(platform.central.store, platform.directory)
    for region in platform.regions.values():
        if region.store is not None and platform.ledger_from(region.name) is not None:
            yield region, Account.open(region.store, platform.directory), centre


def routed(region: Region) -> list[Signal]:
    """List the signals that leave a region by replication."""
    return [signal for signal in Signal if region.route(signal) is Route.REPLICATE]


@dataclass(frozen=True)
class ForeignBlob:
    """A blob that no collector of ours wrote, such as otelcol-contrib's: known by its name alone.

    `replaces`: the centre has an older copy, which the writer may have changed since (append blobs
    grow).
    """

    container: str
    name: str
    signal: Signal
    replaces: bool


def new_foreign_blobs(
    signal: Signal, sources: Iterable[Container], centre: Container
) -> list[ForeignBlob]:
    """List the foreign blobs that the centre lacks or may have an older content of.

    Ours are told by the segment id in their names; they travel with their ledger entries only, so
    that one without an entry (still pending, or an orphan) stays where it is. A foreign blob may
    have changed when its size differs from the copy's or it was written no earlier than the copy;
    its content is compared when it is read.
    """
    found = [
        (source.name, info)
        for source in sources
        for info in source.list()
        if not has_segment_id(info.name)
    ]
    if not found:
        return []
    copies = {info.name: info for info in centre.list() if not has_segment_id(info.name)}
    return [
        ForeignBlob(container, info.name, signal, replaces=info.name in copies)
        for container, info in found
        if _may_differ(info, copies.get(info.name))
    ]


def _may_differ(source: ObjectInfo, copy: ObjectInfo | None) -> bool:
    return (
        copy is None
        or source.bytes != copy.bytes
        or int(source.modified_at_unix) >= int(copy.modified_at_unix)
    )
