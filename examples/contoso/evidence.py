"""Read what the pipeline wrote: redactions from a region's ledger, and what was published."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from mainstem.records import EntryKind, LedgerEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from examples.contoso.check import Rows


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
def asking(published: Path) -> Iterator[Callable[[str], Rows]]:
    """Open the build that `current` names; gives a function that runs a query on it."""
    build = (published / "current").read_text(encoding="utf-8").strip()
    database = duckdb.connect(str(published / build / "published.duckdb"), read_only=True)

    def ask(sql: str) -> Rows:
        return database.execute(sql).fetchall()

    try:
        yield ask
    finally:
        database.close()
