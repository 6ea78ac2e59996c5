"""Read what the pipeline wrote: redactions from a region's ledger, marts as they were published."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from mainstem.records import EntryKind, LedgerEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from examples.contoso.check import Answer


def redactions(store: Path) -> Counter[str]:
    """Add up a region's redactions by rule, from its ledger."""
    counts: Counter[str] = Counter()
    for entry in _segments(store):
        counts.update(entry.redactions)
    return counts


def stored(store: Path) -> Counter[str]:
    """Add up a region's stored records by signal, from its ledger."""
    counts: Counter[str] = Counter()
    for entry in _segments(store):
        if entry.signal is not None:
            counts[entry.signal.value] += entry.counts.stored
    return counts


def _segments(store: Path) -> Iterator[LedgerEntry]:
    for path in sorted((store / "ledger").rglob("*.json")):
        entry = LedgerEntry.parse(path.read_bytes())
        if entry.kind is EntryKind.SEGMENT:
            yield entry


@contextmanager
def mart_reader(published: Path) -> Iterator[Callable[[str], Iterable[Answer]]]:
    """Open the build that `current` names; gives a function that reads a mart's rows."""
    build = (published / "current").read_text(encoding="utf-8").strip()
    database = duckdb.connect(str(published / build / "published.duckdb"), read_only=True)

    def read(mart: str) -> list[Answer]:
        rows = database.execute(f'SELECT * FROM gold."{mart}"')
        columns = [column[0] for column in rows.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in rows.fetchall()]

    try:
        yield read
    finally:
        database.close()
