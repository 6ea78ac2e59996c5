"""What replication has seen: one immutable object a step, in the central account.

`replication/<region>/<number>.json` says what a step copied and, cumulatively, where reading goes
on, so that the newest object is all that the next run needs. Numbers are dense and given by
conditional create: of two runs at once the second finds its number taken, reads again and goes on.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mainstem.errors import DataError
from mainstem.records import NO_PREVIOUS, converted_class
from mainstem.store import ContentConflict, Mark, advance, numbered_name, utc_day

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mainstem.records import LedgerEntry
    from mainstem.replicate.transfer import Copied
    from mainstem.store import Container

CONTAINER = "replication"
FORMAT = "mainstem.replication/1"


@dataclass
class State:
    """Where a region's replication stands.

    `beyond` holds (instance, number) -> day of entries copied beyond a gap in their instance.
    `waiting` names entries that were copied while their blob could not be.
    `containers` are the region's containers of each signal, as its entries name them: those of
    what travels, and those of converted blobs, which travel as another exporter's.
    """

    number: int = 0
    previous: str = NO_PREVIOUS
    marks: dict[str, Mark] = field(default_factory=dict)
    beyond: dict[tuple[str, int], str] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    containers: dict[str, set[str]] = field(default_factory=dict)

    def add(self, entries: Iterable[LedgerEntry]) -> None:
        """Take copied entries into account."""
        for entry in entries:
            self.beyond[entry.instance, entry.seq] = utc_day(entry.at_unix_nano)
            if (
                entry.blob is not None
                and entry.signal is not None
                and entry.container_class in (None, entry.signal, converted_class(entry.signal))
            ):
                self.containers.setdefault(entry.signal, set()).add(entry.blob.container)
        for instance in {instance for instance, _ in self.beyond}:
            known = [(seq, day) for (of, seq), day in self.beyond.items() if of == instance]
            mark = advance(self.marks.get(instance), known)
            if mark is not None:
                self.marks[instance] = mark
                for seq, _ in known:
                    if seq <= mark.seq:
                        del self.beyond[instance, seq]

    def follow(self, theirs: State) -> None:
        """Take the place after an object that another run wrote meanwhile."""
        self.number, self.previous = theirs.number, theirs.previous
        for instance, mark in theirs.marks.items():
            self.marks[instance] = max(mark, self.marks.get(instance, mark))


def read_state(ledger: Container, region: str) -> State:
    """Read where a region's replication stands from its newest object."""
    newest = ledger.last(region)
    if newest is None:
        return State()
    data = ledger.read(newest)
    try:
        raw: dict[str, Any] = json.loads(data)
        if raw["format"] == FORMAT:
            return _parse(raw, hashlib.sha256(data).hexdigest())
    except (ValueError, KeyError, TypeError):
        pass
    raise DataError(
        f"{ledger.label}: {ledger.name}/{newest} is not of format {FORMAT}",
        hint="Move it away: replication then goes on from the object before, and finds what is "
        "already there.",
    )


def _parse(raw: dict[str, Any], sha256: str) -> State:
    return State(
        number=raw["number"],
        previous=sha256,
        marks={instance: Mark(*mark) for instance, mark in raw["marks"].items()},
        beyond={(instance, seq): day for instance, seq, day in raw["beyond"]},
        waiting=set(raw["waiting"]),
        containers={signal: set(names) for signal, names in raw["containers"].items()},
    )


def write_state(
    ledger: Container, region: str, state: State, blobs: list[Copied], entries: int
) -> bool:
    """Write the next object; False where another run took its number, and `state` is outdated."""
    document = {
        "format": FORMAT,
        "region": region,
        "number": state.number + 1,
        "previous": state.previous,
        "at_unix_nano": str(time.time_ns()),
        "entries": entries,
        "blobs": [vars(blob) for blob in blobs],
        "marks": dict(sorted(state.marks.items())),
        "beyond": sorted([instance, seq, day] for (instance, seq), day in state.beyond.items()),
        "waiting": sorted(state.waiting),
        "containers": {signal: sorted(names) for signal, names in state.containers.items()},
    }
    data = json.dumps(document, separators=(",", ":")).encode()
    try:
        ledger.create(numbered_name(region, state.number + 1), data)
    except ContentConflict:
        return False
    state.number += 1
    state.previous = hashlib.sha256(data).hexdigest()
    return True
