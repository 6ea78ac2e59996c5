"""Copying: blobs first, then their `.lines`, then the ledger entries that commit to them.

A run that dies between two steps leaves copies that the next run finds in place: every name is
written once, and what is there already with the same content counts as copied.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from mainstem.errors import MainstemError
from mainstem.records import LedgerEntry, Signal, entry_name
from mainstem.replicate.ledger import CONTAINER, Copied, State, read_state, write_state
from mainstem.replicate.plan import (
    ForeignBlob,
    missing_past,
    new_foreign_blobs,
    routed,
    travelling,
    travels,
)
from mainstem.store import (
    LEDGER,
    Account,
    ContentConflict,
    ObjectMissing,
    central_container,
    head_name,
    is_signed,
    lines_name,
    new_places,
    utc_day,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mainstem.config.platform import Platform, Region
    from mainstem.store import Container, EntryPlace

STEP_ENTRIES = 256
"""Entries a step: what a run that dies has to look at again."""
COPIERS = 4
"""Blobs in memory at a time; one is at most a segment's 32 MiB."""

T = TypeVar("T")
_DAY_NS = 86_400 * 1_000_000_000


@dataclass
class RegionResult:
    """What a run did for one region; `blobs` and `bytes` are by signal."""

    region: str
    blobs: dict[Signal, int] = field(default_factory=dict)
    bytes: dict[Signal, int] = field(default_factory=dict)
    entries: int = 0
    problems: list[str] = field(default_factory=list)

    def count(self, signal: Signal, size: int) -> None:
        """Count one copied blob."""
        self.blobs[signal] = self.blobs.get(signal, 0) + 1
        self.bytes[signal] = self.bytes.get(signal, 0) + size


@dataclass
class Replication:
    """What a run did, and the regions that it could not reach."""

    regions: list[RegionResult] = field(default_factory=list)
    failed: dict[str, MainstemError] = field(default_factory=dict)

    @property
    def nothing_new(self) -> bool:
        """Whether every region had been copied before."""
        return not self.failed and not any(
            region.entries or region.blobs or region.problems for region in self.regions
        )


def replicate(
    platform: Platform,
    progress: Callable[[str], None] = lambda _: None,
    *,
    past: bool = False,
) -> Replication:
    """Copy all that is new in every region that has a central copy.

    With `past` also what is still there of a signal whose route was opened later. One region that
    cannot be reached does not hold up the others.
    """
    result = Replication()
    for region, source, centre in travelling(platform):
        try:
            result.regions.append(_Copier(region, source, centre, progress).run(past=past))
        except MainstemError as error:
            result.failed[region.name] = error
    return result


class _Copier:
    """Copies one region."""

    def __init__(
        self, region: Region, source: Account, centre: Account, progress: Callable[[str], None]
    ) -> None:
        self._region = region
        self._source = source
        self._centre = centre
        self._progress = progress
        self._result = RegionResult(region.name)
        self._entries_from = source.container(LEDGER)
        self._entries_to = self._to(LEDGER)
        self._steps = centre.container(CONTAINER)
        self._state = State()
        self._ensured: set[str] = set()

    def run(self, *, past: bool) -> RegionResult:
        name = self._region.name
        self._progress(f"{name}: listing the ledger")
        self._state = read_state(self._steps, name)
        places = new_places(self._entries_from, self._state.marks, self._state.beyond.keys())
        in_order = [place for instance in sorted(places) for place in places[instance]]
        if in_order:
            self._ensure(CONTAINER, self._entries_to.name)
        done = 0
        with ThreadPoolExecutor(COPIERS) as copiers:
            self._retry_waiting(copiers)
            for step in _steps(in_order):
                self._copy_step(step, copiers)
                done += len(step)
                self._progress(f"{name}: {done} of {len(in_order)} ledger entries")
            if past:
                self._copy_past(copiers)
            for signal in routed(self._region):
                self._copy_foreign(signal, copiers)
        return self._result

    def _copy_step(self, step: Iterable[EntryPlace], copiers: ThreadPoolExecutor) -> None:
        raw = dict(copiers.map(self._read_entry, step))
        entries = {name: entry for name, (_, entry) in raw.items() if entry is not None}
        copied = self._copy_blobs(entries, copiers)
        for name in raw.keys() - entries.keys():
            self._result.problems.append(f"{self._entries_from.name}/{name} is not a ledger entry")
        list(
            copiers.map(
                lambda name: self._entries_to.create(name, raw[name][0], entries[name].sha256),
                entries,
            )
        )
        list(copiers.map(self._copy_head, entries.items()))
        self._result.entries += len(entries)
        self._state.add(entries.values())
        self._remember(copied, len(entries))

    def _copy_head(self, named: tuple[str, LedgerEntry]) -> None:
        """Copy an entry's signed head, if it has one: it goes up right behind the entry.

        One that this comes too early for stays behind; the next one vouches for as much and more.
        """
        name, entry = named
        if not is_signed(entry):
            return
        with contextlib.suppress(ObjectMissing):
            self._entries_to.create(head_name(name), self._entries_from.read(head_name(name)))

    def _retry_waiting(self, copiers: ThreadPoolExecutor) -> None:
        """Look again for blobs that were missing or wrong when their entries were copied."""
        waiting = sorted(self._state.waiting)
        if not waiting:
            return
        entries = {}
        for name in waiting:
            try:
                _, (_, entry) = self._read_entry(name)
            except ObjectMissing:  # past the ledger's own retention
                entry = None
            if entry is not None:
                entries[name] = entry
        self._state.waiting &= entries.keys()
        copied = self._copy_blobs(entries, copiers)
        if set(waiting) != self._state.waiting:
            self._remember(copied, 0)

    def _copy_past(self, copiers: ThreadPoolExecutor) -> None:
        """Copy the blobs of entries that are in the centre while their blobs are not."""
        left = missing_past(self._region, self._source, self._centre)
        for step in _steps(left):
            entries = {
                entry_name(utc_day(entry.at_unix_nano), entry.instance, entry.seq): entry
                for entry in step
            }
            self._remember(self._copy_blobs(entries, copiers), 0)
            self._progress(f"{self._region.name}: {len(step)} of {len(left)} blobs of the past")

    def _read_entry(self, place: EntryPlace | str) -> tuple[str, tuple[bytes, LedgerEntry | None]]:
        name = place if isinstance(place, str) else entry_name(*place)
        data = self._entries_from.read(name)
        try:
            entry = LedgerEntry.parse(data)
        except (ValueError, KeyError, TypeError, AttributeError):
            return name, (data, None)
        own_name = entry_name(utc_day(entry.at_unix_nano), entry.instance, entry.seq)
        return name, (data, entry if own_name == name else None)

    def _copy_blobs(
        self, entries: dict[str, LedgerEntry], copiers: ThreadPoolExecutor
    ) -> list[Copied]:
        """Copy the blobs and lines of those entries that travel; notes those that it could not."""
        travelling = {n: entry for n, entry in entries.items() if travels(self._region, entry)}
        signals = {entry.signal for entry in travelling.values() if entry.signal}
        self._ensure(*(self._to(signal).name for signal in signals))
        copied = []
        for name, outcome in copiers.map(self._copy_blob, travelling.items()):
            self._state.waiting.discard(name)
            if isinstance(outcome, str):
                self._state.waiting.add(name)
                self._result.problems.append(outcome)
            elif outcome is not None:
                copied.append(outcome)
                self._result.count(travelling[name].signal or Signal.LOGS, outcome.bytes)
        return copied

    def _copy_blob(self, named: tuple[str, LedgerEntry]) -> tuple[str, Copied | str | None]:
        """Copy one blob and its lines; a text says why not, None that it is past its retention."""
        name, entry = named
        blob, signal = entry.blob, entry.signal
        if blob is None or signal is None:
            return name, None
        try:
            data = self._source.container(blob.container).read(blob.name)
            lines = self._entries_from.read(lines_name(name)) if entry.lines_sha256 else None
        except ObjectMissing as missing:
            return name, None if self._is_expired(entry) else missing.message
        for what, content, expected in (
            (f"{blob.container}/{blob.name}", data, blob.sha256),
            (lines_name(name), lines, entry.lines_sha256),
        ):
            if content is not None and hashlib.sha256(content).hexdigest() != expected:
                return name, f"{what} is not what its ledger entry says: not copied"
        try:
            self._to(signal).create(blob.name, data, blob.sha256)
            if lines is not None:
                self._entries_to.create(lines_name(name), lines, entry.lines_sha256)
        except ContentConflict as conflict:
            return name, conflict.message
        return name, Copied(blob.container, blob.name, blob.bytes, blob.sha256)

    def _is_expired(self, entry: LedgerEntry) -> bool:
        retention = self._region.retention
        days = retention.days if entry.signal is None else retention.days_of(entry.signal)
        return time.time_ns() - entry.at_unix_nano > days * _DAY_NS

    def _copy_foreign(self, signal: Signal, copiers: ThreadPoolExecutor) -> None:
        names = {signal.value} | self._state.containers.get(signal, set())
        sources = [self._source.container(name) for name in sorted(names)]
        found = new_foreign_blobs(signal, sources, self._to(signal))
        if not found:
            return
        self._ensure(CONTAINER, self._to(signal).name)
        for step in _steps(found):
            copied = [blob for blob in copiers.map(self._copy_foreign_blob, step) if blob]
            for blob in copied:
                self._result.count(signal, blob.bytes)
            if copied:
                self._remember(copied, 0)

    def _copy_foreign_blob(self, blob: ForeignBlob) -> Copied | None:
        data = self._source.container(blob.container).read(blob.name)
        target = self._to(blob.signal)
        try:
            if not target.create(blob.name, data):
                return None
        except ContentConflict:
            target.replace(blob.name, data)
        return Copied(blob.container, blob.name, len(data), hashlib.sha256(data).hexdigest())

    def _remember(self, blobs: list[Copied], entries: int) -> None:
        while not write_state(self._steps, self._region.name, self._state, blobs, entries):
            theirs = read_state(self._steps, self._region.name)
            self._state.follow(theirs)

    def _ensure(self, *containers: str) -> None:
        for container in set(containers) - self._ensured:
            self._centre.ensure_container(container)
            self._ensured.add(container)

    def _to(self, name: str) -> Container:
        return self._centre.container(central_container(self._region.name, name))


def _steps(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), STEP_ENTRIES):
        yield items[start : start + STEP_ENTRIES]
