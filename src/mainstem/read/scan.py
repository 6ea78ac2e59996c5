"""Reading blobs in place for the records that a filter wants, the latest first."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from mainstem import _core
from mainstem.store import INDEX, ObjectMissing, StoreRefused, index_name
from mainstem.vocabulary import load_vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mainstem.read.filters import Filter
    from mainstem.read.places import BlobPlace
    from mainstem.store import Account

READERS = 4
"""Blobs under way: one core each decodes, and the store's answers are waited for meanwhile."""


@dataclass
class Scan:
    """What was found: bronze rows with their blob's `container`, the latest record first.

    `records` has at most the rows that were asked for; `more` says that there are others. `gone`
    are blobs that retention removed meanwhile; `unreadable` counts lines that could not be read.
    """

    records: pa.Table
    blobs: int = 0
    bytes: int = 0
    more: bool = False
    gone: int = 0
    unreadable: int = 0


@dataclass
class _Read:
    place: BlobPlace
    rows: pa.Table | None
    bytes: int = 0
    unreadable: int = 0


@dataclass
class Scanner:
    """Reads the blobs of one region for one filter; safe to use from one thread at a time."""

    account: Account
    region: str
    environment: str
    wanted: Filter
    _local: threading.local = field(default_factory=threading.local)

    def scan(
        self,
        blobs: list[BlobPlace],
        limit: int,
        progress: Callable[[str], None] = lambda _: None,
    ) -> Scan:
        """Read blobs, given with the latest first, until no earlier one can hold a later record."""
        found = Scan(self._empty())
        tables: list[pa.Table] = []
        for number, read in enumerate(self._read_all(blobs)):
            if _is_enough(tables, limit, read.place):
                found.more = True
                break
            progress(f"{self.wanted.signal}: {number + 1} of {len(blobs)} blobs")
            if read.rows is None:
                found.gone += 1
                continue
            found.blobs += 1
            found.bytes += read.bytes
            found.unreadable += read.unreadable
            if read.rows.num_rows:
                tables = [_latest([*tables, read.rows], limit + 1)]
        if tables:
            found.more = found.more or tables[0].num_rows > limit
            found.records = tables[0].slice(0, limit)
        return found

    def _read_all(self, blobs: list[BlobPlace]) -> Iterator[_Read]:
        with ThreadPoolExecutor(READERS) as readers:
            waiting: deque[Future[_Read]] = deque()
            try:
                for blob in blobs:
                    waiting.append(readers.submit(self._read, blob))
                    if len(waiting) > READERS:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def _read(self, place: BlobPlace) -> _Read:
        try:
            data = self.account.container(place.container).read(place.name)
        except ObjectMissing:
            return _Read(place, None)
        if place.unindexed:
            self._index(place, data)
        rows = _core.read_blob(
            data,
            signal=self.wanted.signal.value,
            name=place.name,
            region=self.region,
            environment=self.environment,
            received_at_ns=place.received_at_ns,
            lines=None,
            skip=[],
            promote=load_vocabulary().promoted_columns,
            having=self.wanted.having() if place.ours else [],
        )
        table = self._wanted_of(pa.table(rows)) if rows.rows else self._empty()
        container = pa.array([place.container] * table.num_rows, pa.string())
        return _Read(place, table.append_column("container", container), len(data), len(rows.bad))

    def _index(self, place: BlobPlace, data: bytes) -> None:
        """Leave an index for the next search: the collector spends nothing on what nobody asks."""
        index = _core.index_blob(data, load_vocabulary().promoted("tenant.id"))
        with suppress(StoreRefused):
            self.account.ensure_container(INDEX)
            name = index_name(place.container, place.name)
            self.account.container(INDEX).replace(name, index)

    def _wanted_of(self, rows: pa.Table) -> pa.Table:
        connection: duckdb.DuckDBPyConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = duckdb.connect(config={"threads": 1})
        condition, parameters = self.wanted.conditions()
        connection.register("found", rows)
        try:
            return connection.sql(
                f"FROM found WHERE {condition}",
                params=parameters,
            ).to_arrow_table()
        finally:
            connection.unregister("found")

    def _empty(self) -> pa.Table:
        return pa.schema(_core.bronze_schema(self.wanted.signal.value)).empty_table()


def _latest(tables: list[pa.Table], most: int) -> pa.Table:
    both = pa.concat_tables(tables)
    order = [("event_ts", "descending"), ("blob", "ascending"), ("line", "ascending")]
    return both.take(pc.sort_indices(both, sort_keys=[*order, ("ordinal", "ascending")])[:most])


def _is_enough(tables: list[pa.Table], limit: int, following: BlobPlace) -> bool:
    """Tell whether enough was found that is later than all that the blobs to come can hold."""
    if not tables or tables[0].num_rows < limit:
        return False
    earliest = tables[0]["event_ts"][limit - 1].as_py()
    return bool(earliest > following.last.replace(tzinfo=None))
