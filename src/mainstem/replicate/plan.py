"""What travels, and what of it the centre does not have yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mainstem.config.routes import Route
from mainstem.records import LedgerEntry, Signal
from mainstem.store import LEDGER, has_segment_id, named_day, new_places, read_entries

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mainstem.config.platform import Region
    from mainstem.replicate.centre import Centre
    from mainstem.store import Account, Container, ObjectInfo


def travels(region: Region, entry: LedgerEntry, *, past: bool = False) -> bool:
    """Tell whether a segment's blob leaves its region by replication.

    Of a signal's classes only the one that has its name does, and of its hours those since the
    route was opened; with `past` all of them.
    """
    return (
        entry.blob is not None
        and entry.signal is not None
        and region.route(entry.signal) is Route.REPLICATE
        and (entry.container_class or entry.signal) == entry.signal
        and (past or _is_open(region, entry.signal, (entry.hour or "")[:10]))
    )


def _is_open(region: Region, signal: Signal, day: str) -> bool:
    """Tell whether a signal's route was open on a UTC day, `2026-11-24`."""
    since = region.routes[signal].since
    return since is None or day >= since.isoformat()


def missing_past(region: Region, source: Account, centre: Centre) -> list[LedgerEntry]:
    """List the segments that may travel, are still in their region, and are not in the centre.

    They were written before the signal's route was opened: replication had passed their entries.
    """
    ledger = source.container(LEDGER)
    entries = [
        entry
        for entry in read_entries(ledger, new_places(ledger, {})).entries
        if travels(region, entry, past=True)
    ]
    there = {
        (signal, info.name) for signal in routed(region) for info in centre.blobs(signal).list()
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


def routed(region: Region) -> list[Signal]:
    """List the signals that leave a region by replication."""
    return [signal for signal in Signal if region.route(signal) is Route.REPLICATE]


@dataclass(frozen=True)
class ForeignBlob:
    """A blob that no collector of ours wrote, such as otelcol-contrib's: known by its name alone.

    `replaces`: the centre has an older copy, which the writer may have changed since (append blobs
    grow). `modified_at_unix` is in seconds.
    """

    container: str
    name: str
    signal: Signal
    bytes: int
    modified_at_unix: float
    replaces: bool


def new_foreign_blobs(
    region: Region,
    signal: Signal,
    sources: Iterable[Container],
    centre: Container,
    *,
    past: bool = False,
) -> list[ForeignBlob]:
    """List the foreign blobs that the centre lacks or may have an older content of.

    Ours are told by the segment id in their names; they travel with their ledger entries only, so
    that one without an entry (still pending, or an orphan) stays where it is. A foreign blob's day
    is the one in its name, or else that of its writing. It may have changed when its size differs
    from the copy's or it was written no earlier than the copy; its content is compared when it is
    read.
    """
    found = [
        (source.name, info)
        for source in sources
        for info in source.list()
        if not has_segment_id(info.name)
        and (past or _is_open(region, signal, named_day(info.name) or _day(info)))
    ]
    if not found:
        return []
    copies = {info.name: info for info in centre.list() if not has_segment_id(info.name)}
    return [
        ForeignBlob(
            container,
            info.name,
            signal,
            info.bytes,
            info.modified_at_unix,
            replaces=info.name in copies,
        )
        for container, info in found
        if _may_differ(info, copies.get(info.name))
    ]


def _day(info: ObjectInfo) -> str:
    return datetime.fromtimestamp(info.modified_at_unix, UTC).strftime("%Y-%m-%d")


def _may_differ(source: ObjectInfo, copy: ObjectInfo | None) -> bool:
    return (
        copy is None
        or source.bytes != copy.bytes
        or int(source.modified_at_unix) >= int(copy.modified_at_unix)
    )
