"""Which of a region's blobs may hold what is looked for.

The ledger tells the times of the records in each of our blobs, and the index beside them the
services, tenants and traces. Blobs that another exporter wrote have neither: each of them is read
that was written since.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from mainstem import _core
from mainstem.records import EntryKind
from mainstem.store import (
    INDEX,
    LEDGER,
    Mark,
    ObjectMissing,
    advance,
    has_segment_id,
    index_name,
    new_places,
    read_entries,
    utc_day,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mainstem.read.filters import Filter
    from mainstem.records import LedgerEntry
    from mainstem.store import Account

_EARLY = timedelta(hours=1)
"""How far a record's time may lie ahead of its receipt (docs/formats.md)."""

_READERS = 16


@dataclass(frozen=True)
class BlobPlace:
    """A blob, and the last time that one of its records may have.

    `received_at_ns` is the sealing of its segment, or when the store took it. `ours` tells blobs of
    this collector from foreign ones. `unindexed` has no index where one was asked for.
    """

    container: str
    name: str
    last: datetime
    received_at_ns: int
    ours: bool
    unindexed: bool = False


@dataclass
class Places:
    """Blobs to read, the one with the latest records first.

    `ruled_out` have an index that says no. `unindexed` would have been asked and have none.
    """

    blobs: list[BlobPlace] = field(default_factory=list)
    ruled_out: int = 0
    unindexed: int = 0


@dataclass
class Position:
    """How far a region's ledger was read: what lies before is not read again."""

    marks: dict[str, Mark] = field(default_factory=dict)

    def move_on(self, entries: Iterable[LedgerEntry]) -> None:
        """Go behind what was read; `entries` are those of each instance in order."""
        for instance, of_instance in groupby(entries, key=lambda entry: entry.instance):
            read = [(entry.seq, utc_day(entry.at_unix_nano)) for entry in of_instance]
            first, day = read[0]
            # An instance may have begun long before the first day that was looked at.
            mark = advance(self.marks.get(instance, Mark(first - 1, day)), read)
            if mark is not None:
                self.marks[instance] = mark


def places(account: Account, wanted: Filter, position: Position | None = None) -> Places:
    """Find the blobs of a region's own account that may hold what is looked for.

    With a position, which moves on, only those of ours that came behind it.
    """
    entries = _segments(account, wanted, position or Position())
    containers = {wanted.signal.value} | {blob.container for blob in entries}
    foreign = [
        blob for name in sorted(containers) for blob in _foreign(account, name, wanted.since)
    ]
    found = _indexed(account, wanted, entries)
    found.blobs += foreign
    found.blobs.sort(key=lambda blob: (blob.last, blob.container, blob.name), reverse=True)
    return found


def _segments(account: Account, wanted: Filter, position: Position) -> list[BlobPlace]:
    ledger = account.container(LEDGER)
    first_day = f"{wanted.since - _EARLY:%Y/%m/%d}"
    entries = read_entries(ledger, new_places(ledger, position.marks, first_day=first_day)).entries
    position.move_on(entries)
    return [
        place
        for entry in entries
        if entry.kind is EntryKind.SEGMENT and entry.signal is wanted.signal
        for place in _in_time(entry, wanted)
    ]


def _in_time(entry: LedgerEntry, wanted: Filter) -> Iterable[BlobPlace]:
    if entry.blob is None:
        return
    sealed = _time(entry.at_unix_nano)
    # A record without a time of its own, or with one that cannot be, has that of its receipt.
    first = min(_time(entry.first_time_unix_nano), sealed - _EARLY)
    last = max(_time(entry.last_time_unix_nano), sealed)
    if first < wanted.until and last >= wanted.since:
        blob = entry.blob
        yield BlobPlace(blob.container, blob.name, last, entry.at_unix_nano, ours=True)


def _foreign(account: Account, container: str, since: datetime) -> Iterable[BlobPlace]:
    for info in account.container(container).list():
        written = datetime.fromtimestamp(info.modified_at_unix, UTC)
        if not has_segment_id(info.name) and written >= since - _EARLY:
            at_ns = int(info.modified_at_unix * 1e9)
            yield BlobPlace(container, info.name, written + _EARLY, at_ns, ours=False)


def _indexed(account: Account, wanted: Filter, blobs: list[BlobPlace]) -> Places:
    found = Places()
    if wanted.trace_id is None and wanted.service is None and wanted.tenant is None:
        found.blobs = blobs
        return found

    def answer(blob: BlobPlace) -> bool | None:
        try:
            index = account.container(INDEX).read(index_name(blob.container, blob.name))
        except ObjectMissing:
            return None
        return _core.index_may_hold(
            index, trace_id=wanted.trace_id, service=wanted.service, tenant=wanted.tenant
        )

    with ThreadPoolExecutor(_READERS) as readers:
        for blob, may_hold in zip(blobs, readers.map(answer, blobs), strict=True):
            found.unindexed += may_hold is None
            found.ruled_out += may_hold is False
            if may_hold is not False:
                found.blobs.append(replace(blob, unindexed=may_hold is None))
    return found


def _time(unix_nano: int | None) -> datetime:
    return datetime.fromtimestamp((unix_nano or 0) / 1e9, UTC)
