"""Reading a ledger container: what is new in it, with few calls and whatever order it came in.

An instance numbers its entries without a gap and uploads them in that order, so the highest number
up to which a reader has them all says where to go on listing. Copies made by the cloud itself keep
no order: entries beyond a gap are read as well, and the gap is looked at again next time.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from mainstem.records import LedgerEntry, entry_name
from mainstem.store.names import EntryPlace, entry_place, is_entry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from mainstem.store.container import Container

FIRST_SEQ = 0
"""The number of an instance's first entry, its `genesis`."""

_LISTERS = 8


class Mark(NamedTuple):
    """How far an instance's entries are known without a gap: the last one's number and UTC day."""

    seq: int
    day: str


@dataclass
class Reading:
    """What was read: entries in order of instance and number, and objects that are no entries."""

    entries: list[LedgerEntry] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def new_places(
    ledger: Container,
    marks: Mapping[str, Mark],
    known: Collection[tuple[str, int]] = (),
    *,
    first_day: str = "",
) -> dict[str, list[EntryPlace]]:
    """List the entries that are neither up to their instance's mark nor among `known`.

    `known` holds (instance, number) of entries beyond a gap. Days before `first_day`, `YYYY/MM/DD`,
    are not looked at. The answer is by instance, in order.
    """
    days = [
        day
        for year in ledger.folders("")
        for month in ledger.folders(year)
        for day in ledger.folders(month)
        if day >= first_day
    ]

    def of_day(day: str) -> list[EntryPlace]:
        return [
            place
            for folder in ledger.folders(day)
            for place in _of_folder(ledger, day, folder.rpartition("/")[2], marks)
            if (place.instance, place.seq) not in known
        ]

    found: dict[str, list[EntryPlace]] = {}
    with ThreadPoolExecutor(_LISTERS) as listers:
        for places in listers.map(of_day, days):
            for place in places:
                found.setdefault(place.instance, []).append(place)
    for places in found.values():
        places.sort(key=lambda place: place.seq)
    return found


def _of_folder(
    ledger: Container, day: str, instance: str, marks: Mapping[str, Mark]
) -> Iterable[EntryPlace]:
    mark = marks.get(instance)
    if mark is not None and day < mark.day:
        return []
    after = entry_name(day, instance, mark.seq) if mark is not None and day == mark.day else None
    listed = ledger.list(f"{day}/{instance}", after=after)
    places = (entry_place(info.name) for info in listed if is_entry(info.name))
    return [place for place in places if mark is None or place.seq > mark.seq]


def read_entries(ledger: Container, places: Mapping[str, list[EntryPlace]]) -> Reading:
    """Read entries by their places, opening one object for each hour that is closed.

    An `hour_closed` entry repeats its hour's entries, so each instance is read from its end.
    """
    reading = Reading()
    for instance, of_instance in sorted(places.items()):
        wanted = {place.seq for place in of_instance}
        got: dict[int, LedgerEntry] = {}
        for place in reversed(of_instance):
            if place.seq in got:
                continue
            name = entry_name(*place)
            try:
                entry = LedgerEntry.parse(ledger.read(name))
            except (ValueError, KeyError, TypeError, AttributeError):
                reading.unreadable.append(name)
                continue
            if (entry.instance, entry.seq) != (instance, place.seq):
                reading.unreadable.append(name)
                continue
            got[entry.seq] = entry
            got.update({kept.seq: kept for kept in entry.entries if kept.seq in wanted})
        reading.entries += [got[seq] for seq in sorted(got)]
    return reading


def advance(mark: Mark | None, entries: Iterable[tuple[int, str]]) -> Mark | None:
    """Move a mark on over (number, day) pairs as far as they follow without a gap."""
    for seq, day in sorted(entries):
        awaited = FIRST_SEQ if mark is None else mark.seq + 1
        if seq == awaited:
            mark = Mark(seq, day)
        elif seq > awaited:
            break
    return mark


def utc_day(unix_nano: int) -> str:
    """Give the UTC day of a time in nanoseconds, `YYYY/MM/DD`, as entry names have it."""
    return datetime.fromtimestamp(unix_nano // 1_000_000_000, UTC).strftime("%Y/%m/%d")
