"""What retention removed: one immutable object a step, in the account that it removed from.

`retention/<region>/<number>.json` names each blob that a step removes. It is written before the
first of them goes, so that a run that dies in between leaves no gap that nobody can explain; the
next run removes what is still there. Numbers are dense, and each object holds the hash of the one
before.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from mainstem.errors import DataError
from mainstem.records import NO_PREVIOUS
from mainstem.store.errors import ContentConflict
from mainstem.store.names import numbered_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mainstem.store.container import Container

FORMAT = "mainstem.retention/1"


class Reason(StrEnum):
    """Why a blob is removed."""

    AGED = "aged"
    """It is as old as it may be, and nothing waits for it."""
    UNLOADED = "unloaded"
    """It is so old that it must go, though no load has taken it."""


@dataclass(frozen=True)
class Removal:
    """One blob that is removed; `since` is the time that its age counts from, RFC 3339."""

    container: str
    name: str
    bytes: int
    sha256: str
    since: str
    reason: Reason


@dataclass(frozen=True)
class Cleared:
    """How far a ledger is cleared, over all steps: UTC days `YYYY/MM/DD`, and each instance's end.

    Entries before the day `entries_before` are removed, up to the numbers in `marks`; `.lines`
    before `lines_before`, and notes of who read before `reads_before`.
    """

    entries_before: str = ""
    lines_before: str = ""
    marks: dict[str, int] = field(default_factory=dict)
    reads_before: str = ""


@dataclass(frozen=True)
class RemovalStep:
    """One step's object; `sha256` is that of its own bytes, which the next names as `previous`."""

    number: int
    previous: str
    sha256: str
    at_unix_nano: int
    removals: tuple[Removal, ...]
    ledger: Cleared

    @classmethod
    def parse(cls, data: bytes) -> RemovalStep:
        """Read a step from its object's bytes; ValueError, KeyError or TypeError if it is none."""
        raw: dict[str, Any] = json.loads(data)
        if raw["format"] != FORMAT:
            raise ValueError(f"not of format {FORMAT}")
        return cls(
            number=raw["number"],
            previous=raw["previous"],
            sha256=hashlib.sha256(data).hexdigest(),
            at_unix_nano=int(raw["at_unix_nano"]),
            removals=tuple(
                Removal(**{**blob, "reason": Reason(blob["reason"])}) for blob in raw["blobs"]
            ),
            ledger=Cleared(**raw["ledger"]),
        )


def read_removals(retention: Container, region: str, *, after: int = 0) -> Iterator[RemovalStep]:
    """Read a region's steps after a number, in order; DataError where one is missing or changed."""
    names = [info.name for info in retention.list(region, after=numbered_name(region, after))]
    before = None
    for step in (_read(retention, name) for name in names):
        follows = step.previous == before.sha256 if before else step.number == after + 1
        if not follows or (before and step.number != before.number + 1):
            raise DataError(
                f"{retention.label}: {retention.name}/{region}: step {step.number} does not follow "
                "from the one before it",
                hint="A record of removals is missing or was changed. Find out who did it; the "
                "books cannot explain those removals without it.",
            )
        yield step
        before = step


def recent_removals(
    retention: Container, region: str, since_unix_nano: int
) -> Sequence[RemovalStep]:
    """Read a region's steps since a time, the newest one in any case; DataError as above."""
    names = [info.name for info in retention.list(region)]
    first = len(names)
    while first > 0:
        first -= 1
        if _read(retention, names[first]).at_unix_nano < since_unix_nano:
            break
    if first == len(names):
        return []
    return list(read_removals(retention, region, after=_number(names[first]) - 1))


def write_removal(
    retention: Container,
    region: str,
    removals: Iterable[Removal],
    ledger: Cleared,
    *,
    at_unix_nano: int,
) -> RemovalStep:
    """Write the next step; where another run took its number meanwhile, the one after that."""
    blobs = [vars(removal) for removal in removals]
    while True:
        name = retention.last(region)
        newest = _read(retention, name) if name else None
        number = newest.number + 1 if newest else 1
        document = {
            "format": FORMAT,
            "region": region,
            "number": number,
            "previous": newest.sha256 if newest else NO_PREVIOUS,
            "at_unix_nano": str(at_unix_nano),
            "blobs": blobs,
            "ledger": vars(_merged(newest.ledger if newest else Cleared(), ledger)),
        }
        data = json.dumps(document, separators=(",", ":")).encode()
        try:
            retention.create(numbered_name(region, number), data)
        except ContentConflict:
            continue
        return RemovalStep.parse(data)


def _merged(before: Cleared, more: Cleared) -> Cleared:
    marks = dict(before.marks)
    for instance, seq in more.marks.items():
        marks[instance] = max(seq, marks.get(instance, seq))
    return Cleared(
        max(before.entries_before, more.entries_before),
        max(before.lines_before, more.lines_before),
        dict(sorted(marks.items())),
        max(before.reads_before, more.reads_before),
    )


def _number(name: str) -> int:
    return int(name.rpartition("/")[2].removesuffix(".json"))


def _read(retention: Container, name: str) -> RemovalStep:
    try:
        step = RemovalStep.parse(retention.read(name))
        if step.number == _number(name):
            return step
    except (ValueError, KeyError, TypeError):
        pass
    raise DataError(
        f"{retention.label}: {retention.name}/{name} is not of format {FORMAT}",
        hint="Restore it, or move it and those after it away: what they name is then unexplained.",
    )
