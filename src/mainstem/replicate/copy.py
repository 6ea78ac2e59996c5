"""Copying: blobs first, then their `.lines`, then the ledger entries that commit to them.

A run that dies between two steps leaves copies that the next run finds in place: every name is
written once, and what is there already with the same content counts as copied. What Azure's own
object replication copies is not touched: it is looked for at the centre and hashed there, and what
has not come yet is looked for again by the next run.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from mainstem.config.routes import Replicator
from mainstem.errors import MainstemError
from mainstem.records import BlobRef, LedgerEntry, Signal, entry_name
from mainstem.replicate.centre import Centre, travelling
from mainstem.replicate.ledger import State, read_state, write_state
from mainstem.replicate.plan import (
    ForeignBlob,
    missing_past,
    new_foreign_blobs,
    routed,
    travels,
)
from mainstem.replicate.transfer import Copied, NotAsCommitted, Transfer, arrived, same_content
from mainstem.store import (
    LEDGER,
    Account,
    ContentConflict,
    ObjectMissing,
    head_name,
    is_signed,
    lines_name,
    new_places,
    utc_day,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mainstem.config.platform import Platform, Region
    from mainstem.store import EntryPlace

STEP_ENTRIES = 256
"""Entries a step: what a run that dies has to look at again."""
COPIERS = 4
"""Blobs in memory at a time; one is at most a segment's 32 MiB."""

T = TypeVar("T")
_DAY_NS = 86_400 * 1_000_000_000


@dataclass(frozen=True)
class Lag:
    """What Azure has not brought yet: blobs, and when the oldest was sealed, ns since 1970."""

    blobs: int
    oldest_unix_nano: int


@dataclass
class RegionResult:
    """What a run did for one region; `blobs` and `bytes` are by signal.

    Of the blobs, the stores copied `by_store` among themselves, and `through_here` passed through
    this process. Those that Azure replicates are counted when they are found at the centre.
    """

    region: str
    blobs: dict[Signal, int] = field(default_factory=dict)
    bytes: dict[Signal, int] = field(default_factory=dict)
    entries: int = 0
    entries_awaited: int = 0
    lags: dict[Signal, Lag] = field(default_factory=dict)
    by_store: int = 0
    through_here: int = 0
    problems: list[str] = field(default_factory=list)

    def count(self, signal: Signal, size: int) -> None:
        """Count one copied blob."""
        self.blobs[signal] = self.blobs.get(signal, 0) + 1
        self.bytes[signal] = self.bytes.get(signal, 0) + size

    def lag(self, signal: Signal, at_unix_nano: int) -> None:
        """Count one blob that has not come yet."""
        lag = self.lags.get(signal, Lag(0, at_unix_nano))
        self.lags[signal] = Lag(lag.blobs + 1, min(lag.oldest_unix_nano, at_unix_nano))


@dataclass
class Replication:
    """What a run did, and the regions that it could not reach."""

    regions: list[RegionResult] = field(default_factory=list)
    failed: dict[str, MainstemError] = field(default_factory=dict)

    @property
    def nothing_new(self) -> bool:
        """Whether every region had been copied before."""
        return not self.failed and not any(
            region.entries or region.blobs or region.problems or region.lags
            for region in self.regions
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


@dataclass(frozen=True)
class _Awaited:
    """A blob that Azure is to bring and has not brought."""

    at_unix_nano: int


class _Copier:
    """Copies one region."""

    def __init__(
        self, region: Region, source: Account, centre: Centre, progress: Callable[[str], None]
    ) -> None:
        self._region = region
        self._source = source
        self._centre = centre
        self._progress = progress
        self._result = RegionResult(region.name)
        self._entries_from = source.container(LEDGER)
        self._state = State()
        self._transfers = {
            signal: Transfer(source, account) for signal, account in centre.by_signal.items()
        }

    @property
    def _azure_brings_entries(self) -> bool:
        return self._region.ledger_by is Replicator.AZURE

    def run(self, *, past: bool) -> RegionResult:
        name = self._region.name
        self._progress(f"{name}: listing the ledger")
        self._state = read_state(self._centre.steps, name)
        places = new_places(self._entries_from, self._state.marks, self._state.beyond.keys())
        in_order = [place for instance in sorted(places) for place in places[instance]]
        if in_order:
            self._centre.make_steps()
            if not self._azure_brings_entries:
                self._centre.make_ledger()
        done = 0
        with ThreadPoolExecutor(COPIERS) as copiers:
            self._retry_waiting(copiers)
            for step in _steps(in_order):
                self._copy_step(step, copiers)
                done += len(step)
                size = sum(self._result.bytes.values())
                self._progress(
                    f"{name}: {done:,} of {len(in_order):,} ledger entries, {size / 1e6:,.1f} MB"
                )
            if past:
                self._copy_past(copiers)
            for signal in routed(self._region):
                self._copy_foreign(signal, copiers, past=past)
        for transfer in self._transfers.values():
            self._result.by_store += transfer.by_store
            self._result.through_here += transfer.through_here
        return self._result

    def _copy_step(self, step: Iterable[EntryPlace], copiers: ThreadPoolExecutor) -> None:
        raw = dict(copiers.map(self._read_entry, step))
        entries = {name: entry for name, (_, entry) in raw.items() if entry is not None}
        for name in raw.keys() - entries.keys():
            self._result.problems.append(f"{self._entries_from.name}/{name} is not a ledger entry")
        if self._azure_brings_entries:
            entries = self._brought(entries, copiers)
        copied = self._copy_blobs(entries, copiers)
        if not self._azure_brings_entries:
            list(
                copiers.map(
                    lambda name: self._centre.ledger.create(
                        name, raw[name][0], entries[name].sha256
                    ),
                    entries,
                )
            )
            list(copiers.map(self._copy_head, entries.items()))
        self._result.entries += len(entries)
        self._state.add(entries.values())
        if entries:
            self._remember(copied, len(entries))

    def _brought(
        self, entries: dict[str, LedgerEntry], copiers: ThreadPoolExecutor
    ) -> dict[str, LedgerEntry]:
        """Give those of the entries that Azure has brought to the centre, as they are here."""

        def is_there(name: str) -> bool | str:
            try:
                return arrived(self._centre.ledger, name, entries[name].sha256)
            except ContentConflict as conflict:
                return conflict.message

        there = dict(zip(entries, copiers.map(is_there, entries), strict=True))
        self._result.problems += [found for found in there.values() if isinstance(found, str)]
        self._result.entries_awaited += sum(found is False for found in there.values())
        return {name: entry for name, entry in entries.items() if there[name] is True}

    def _copy_head(self, named: tuple[str, LedgerEntry]) -> None:
        """Copy an entry's signed head, if it has one: it goes up right behind the entry.

        One that this comes too early for stays behind; the next one vouches for as much and more.
        """
        name, entry = named
        if not is_signed(entry):
            return
        with contextlib.suppress(ObjectMissing):
            self._centre.ledger.create(head_name(name), self._entries_from.read(head_name(name)))

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
            self._remember(self._copy_blobs(entries, copiers, past=True), 0)
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
        self, entries: dict[str, LedgerEntry], copiers: ThreadPoolExecutor, *, past: bool = False
    ) -> list[Copied]:
        """Copy the blobs and lines of those entries that travel; notes those that it could not."""
        travelling = {
            n: entry for n, entry in entries.items() if travels(self._region, entry, past=past)
        }
        for signal in {entry.signal for entry in travelling.values() if entry.signal}:
            if not self._region.is_by_azure(signal):
                self._centre.make_blobs(signal)
        copied = []
        for name, outcome in copiers.map(self._copy_blob, travelling.items()):
            signal = travelling[name].signal or Signal.LOGS
            self._state.waiting.discard(name)
            if isinstance(outcome, str):
                self._state.waiting.add(name)
                self._result.problems.append(outcome)
            elif isinstance(outcome, _Awaited):
                self._state.waiting.add(name)
                self._result.lag(signal, outcome.at_unix_nano)
            elif outcome is not None:
                copied.append(outcome)
                self._result.count(signal, outcome.bytes)
        return copied

    def _copy_blob(
        self, named: tuple[str, LedgerEntry]
    ) -> tuple[str, Copied | _Awaited | str | None]:
        """Copy one blob and its lines; a text says why not, None that it is past its retention."""
        name, entry = named
        blob, signal = entry.blob, entry.signal
        if blob is None or signal is None:
            return name, None
        expired = self._is_expired(entry)
        try:
            there = self._bring(signal, blob) and (
                not entry.lines_sha256 or self._bring_lines(lines_name(name), entry.lines_sha256)
            )
        except ObjectMissing as missing:
            return name, None if expired else missing.message
        except (NotAsCommitted, ContentConflict) as wrong:
            return name, wrong.message
        if not there:
            return name, None if expired else _Awaited(entry.at_unix_nano)
        return name, Copied(blob.container, blob.name, blob.bytes, blob.sha256)

    def _bring(self, signal: Signal, blob: BlobRef) -> bool:
        """Copy a blob; False where Azure is to bring it and has not."""
        to = self._centre.blobs(signal)
        if self._region.is_by_azure(signal):
            return arrived(to, blob.name, blob.sha256)
        transfer = self._transfers[signal]
        transfer.copy(blob.container, blob.name, blob.bytes, blob.sha256, to)
        return True

    def _bring_lines(self, name: str, sha256: str) -> bool:
        """Copy an entry's lines; False where Azure is to bring them and has not."""
        if self._azure_brings_entries:
            return arrived(self._centre.ledger, name, sha256)
        data = self._entries_from.read(name)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise NotAsCommitted(f"{name} is not what its ledger entry says: not copied")
        self._centre.make_ledger()
        self._centre.ledger.create(name, data, sha256)
        return True

    def _is_expired(self, entry: LedgerEntry) -> bool:
        retention = self._region.retention
        days = retention.days if entry.signal is None else retention.days_of(entry.signal)
        return time.time_ns() - entry.at_unix_nano > days * _DAY_NS

    def _copy_foreign(self, signal: Signal, copiers: ThreadPoolExecutor, *, past: bool) -> None:
        names = {signal.value} | self._state.containers.get(signal, set())
        sources = [self._source.container(name) for name in sorted(names)]
        to = self._centre.blobs(signal)
        found = new_foreign_blobs(self._region, signal, sources, to, past=past)
        if self._region.is_by_azure(signal):
            for late in found:
                source = self._source.container(late.container)
                # A copy of the same second tells nothing by its time.
                if not (late.replaces and same_content(source, to, late.name)):
                    self._result.lag(signal, int(late.modified_at_unix * 1e9))
            return
        if not found:
            return
        self._centre.make_steps()
        self._centre.make_blobs(signal)
        transfer = self._transfers[signal]

        def copy(blob: ForeignBlob) -> Copied | None:
            return transfer.copy_foreign(blob, to)

        for step in _steps(found):
            copied = [blob for blob in copiers.map(copy, step) if blob]
            for blob in copied:
                self._result.count(signal, blob.bytes)
            if copied:
                self._remember(copied, 0)

    def _remember(self, blobs: list[Copied], entries: int) -> None:
        self._centre.make_steps()
        name = self._region.name
        while not write_state(self._centre.steps, name, self._state, blobs, entries):
            self._state.follow(read_state(self._centre.steps, name))


def _steps(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), STEP_ENTRIES):
        yield items[start : start + STEP_ENTRIES]
