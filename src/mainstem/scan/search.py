"""Searching strings: in several processes, each string once, and never a value in what is found."""

from __future__ import annotations

import itertools
import multiprocessing
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from mainstem.scan.detectors import Detector, load_detectors
from mainstem.scan.texts import Text, texts_of_blob, texts_of_value
from mainstem.store import Account, ObjectMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

REMEMBERED = 200_000
"""Clean strings that a process remembers: telemetry says the same again and again."""
LONGEST_REMEMBERED = 200
AHEAD = 2
"""Pieces of work that wait for each process."""


class Find(NamedTuple):
    """Where a detector found something, how often, and never what.

    `container` may be a table; then `path` begins with the column.
    """

    region: str
    store: str
    container: str
    blob: str
    line: int
    path: str
    detector: str
    times: int


@dataclass(frozen=True)
class BlobsToSearch:
    """Some of a store's blobs: (container, name), opened by whoever searches them."""

    region: str
    store: str
    address: str
    base: Path
    blobs: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class RowsToSearch:
    """Some of a table's rows: region, blob and line, and columns of text."""

    table: str
    rows: pa.RecordBatch


@dataclass
class Looked:
    """What one piece of work came to; `missing` blobs were removed since they were listed.

    `blobs_of` is the region and store that blobs are of, `rows` are by region.
    """

    finds: list[Find] = field(default_factory=list)
    strings: int = 0
    blobs_of: tuple[str, str] | None = None
    blobs: int = 0
    bytes: int = 0
    missing: int = 0
    rows: Counter[str] = field(default_factory=Counter)


class Searcher:
    """The detectors of one process, and the strings that they found nothing in."""

    def __init__(self, detectors: Sequence[Detector]) -> None:
        self._detectors = detectors
        self._clean: set[str] = set()

    def search(self, text: str) -> dict[str, int]:
        """Tell which detectors find something in a string, and how often."""
        if text in self._clean:
            return {}
        counts = {each.name: each.count(text) for each in self._detectors}
        found = {name: count for name, count in counts.items() if count}
        if not found and len(text) <= LONGEST_REMEMBERED:
            if len(self._clean) >= REMEMBERED:
                self._clean.clear()
            self._clean.add(text)
        return found


@cache
def _searcher() -> Searcher:
    return Searcher(load_detectors())


def look(work: BlobsToSearch | RowsToSearch) -> Looked:
    """Search one piece of work."""
    return _blobs(work) if isinstance(work, BlobsToSearch) else _rows(work)


def _blobs(work: BlobsToSearch) -> Looked:
    looked = Looked(blobs_of=(work.region, work.store))
    account = Account.open(work.address, work.base)
    for container, name in work.blobs:
        try:
            data = account.container(container).read(name)
        except ObjectMissing:
            looked.missing += 1
            continue
        looked.blobs += 1
        looked.bytes += len(data)
        named = Text(0, "(name)", name)
        for text in itertools.chain([named], texts_of_blob(data)):
            looked.strings += 1
            for detector, count in _searcher().search(text.text).items():
                # A name that holds what it ought not to is not told either.
                shown = name if text is not named else "(a blob's name)"
                place = (work.region, work.store, container, shown, text.line, text.path)
                looked.finds.append(Find(*place, detector, count))
    return looked


def _rows(work: RowsToSearch) -> Looked:
    regions, blobs, lines, *columns = work.rows.columns
    looked = Looked(rows=Counter(regions.to_pylist()))
    for name, column in zip(work.rows.schema.names[3:], columns, strict=True):
        encoded = column.dictionary_encode()
        found: dict[int, Counter[tuple[str, str]]] = {}
        for index, value in enumerate(encoded.dictionary.to_pylist()):
            for text in texts_of_value(name, value):
                looked.strings += 1
                for detector, count in _searcher().search(text.text).items():
                    found.setdefault(index, Counter())[text.path, detector] += count
        if not found:
            continue
        for row, index in enumerate(encoded.indices.to_pylist()):
            # Where a row has no value, it has no index.
            for (path, detector), count in found.get(index, Counter[tuple[str, str]]()).items():
                place = regions[row].as_py(), "warehouse", work.table, blobs[row].as_py()
                line = lines[row].as_py()
                looked.finds.append(Find(*place, line, path, detector, count))
    return looked


def look_at_all(work: Iterable[BlobsToSearch | RowsToSearch], processes: int) -> Iterator[Looked]:
    """Search all, in this process or in several, with no more in memory than they work on."""
    load_detectors()
    if processes <= 1:
        yield from map(look, work)
        return
    # Spawned: the store's client and Arrow have threads, which a fork would not carry over.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        yield from _bounded(pool.submit, work, processes * AHEAD)


def _bounded(
    submit: Callable[..., Future[Looked]],
    work: Iterable[BlobsToSearch | RowsToSearch],
    most: int,
) -> Iterator[Looked]:
    waiting: set[Future[Looked]] = set()
    for each in work:
        waiting.add(submit(look, each))
        if len(waiting) >= most:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)
    yield from (future.result() for future in waiting)
