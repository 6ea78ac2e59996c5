"""DuckDB as the warehouse: one file, one writer, rows and load ledger in one transaction."""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, ClassVar

import duckdb
import pyarrow as pa

from mainstem.errors import Transient, tells_full_disk
from mainstem.warehouse.destination import (
    NoWarehouse,
    Row,
    Warehouse,
    WarehouseBusy,
    WarehouseFailed,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path


BATCH_ROWS = 32_768
"""Rows of an Arrow batch that is read: some 50 MB of wide records."""


class DuckDBWarehouse(Warehouse):
    """A connection to DuckDB: to the warehouse's file, or to a session in memory."""

    sql_types: ClassVar[Mapping[pa.DataType, str]] = {
        pa.string(): "VARCHAR",
        pa.large_string(): "VARCHAR",
        pa.int32(): "INTEGER",
        pa.int64(): "BIGINT",
        pa.float64(): "DOUBLE",
        pa.bool_(): "BOOLEAN",
        pa.binary(): "BLOB",
        pa.timestamp("us"): "TIMESTAMP",
        pa.date32(): "DATE",
        pa.decimal128(18, 6): "DECIMAL(18,6)",
        pa.decimal128(18, 12): "DECIMAL(18,12)",
    }
    # Row groups know their least and greatest values; an index would be held in memory whole.
    indexed = False

    def __init__(self, connection: duckdb.DuckDBPyConnection, label: str) -> None:
        super().__init__(label)
        self.connection = connection
        connection.execute("SET TimeZone = 'UTC'")
        # Its bar of a long statement would stand in the middle of what a command prints.
        connection.execute("SET enable_progress_bar = false")

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run a query and give all its rows."""
        # To its end: a result that is only begun holds up whatever the connection does next.
        with self._refusals():
            return self.connection.execute(sql, list(parameters)).fetchall()

    def arrow(self, sql: str, parameters: Sequence[object] = ()) -> pa.RecordBatchReader:
        """Run a query and give its rows as Arrow, batch by batch."""
        with self._refusals():
            return self.connection.sql(sql, params=list(parameters)).to_arrow_reader(BATCH_ROWS)

    def change(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Run an INSERT, UPDATE or DELETE and give the number of rows it touched."""
        return int(self.value(sql, parameters) or 0)

    def define(self, sql: str) -> None:
        """Run a statement that makes or alters tables."""
        self.query(sql)

    def append(self, table: str, rows: pa.Table | pa.RecordBatchReader) -> int:
        """Put Arrow rows into a table, by column names; gives their number."""
        with self._refusals(), self.registered(new_rows=rows):
            return self.change(
                f"INSERT INTO {table} BY NAME SELECT * FROM new_rows"  # noqa: S608
            )

    @contextmanager
    def registered(self, **tables: pa.Table | pa.RecordBatchReader) -> Iterator[None]:
        """Let SQL read Arrow data under the given names while inside."""
        for name, table in tables.items():
            self.connection.register(name, table)
        try:
            yield
        finally:
            for name in tables:
                # A transaction that has failed takes nothing but its end; the name is free then.
                with suppress(duckdb.TransactionException):
                    self.connection.unregister(name)

    def bound_memory(self, megabytes: int) -> None:
        """Have at most so much memory; what does not fit goes to a folder beside the file."""
        self.query(f"SET memory_limit = '{megabytes}MB'")

    def _begin(self) -> None:
        self.query("BEGIN")

    def _end(self, *, commit: bool) -> None:
        self.query("COMMIT" if commit else "ROLLBACK")

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except duckdb.Error as error:
            raise WarehouseFailed(
                f"the warehouse {self.label} did not carry a statement out: {_cause(error)}",
                hint="What was committed counts. Mend the cause (disk, memory) and run again.",
            ) from None


def _cause(error: duckdb.Error) -> str:
    """Name what went wrong in words of our own: the engine's text may quote a value."""
    if tells_full_disk(str(error)):
        return "the disk is full, make room"
    return type(error).__name__


@contextmanager
def open_file(path: Path, *, read_only: bool = False) -> Iterator[DuckDBWarehouse]:
    """Open the warehouse's file; WarehouseBusy, with the process, where another one holds it.

    NoWarehouse where a reader finds no file.
    """
    if read_only and not path.exists():
        raise NoWarehouse(f"there is no warehouse at {path} yet", hint="Run `mainstem load` first.")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = duckdb.connect(str(path), read_only=read_only)
    except duckdb.IOException as error:
        text = str(error)
        if "lock" not in text:
            raise Transient(
                f"the warehouse {path} cannot be opened: {_cause(error)}",
                hint="What was committed counts. Mend the cause and run again.",
            ) from None
        holder = re.search(r"\(PID (\d+)\)", text)
        by = f"process {holder[1]}" if holder else "another process"
        raise WarehouseBusy(
            f"the warehouse {path} is held by {by}",
            hint="DuckDB's file has one writer at a time: wait for that load or build, or end it, "
            "and run again. What reads all day belongs on the published copy.",
        ) from None
    try:
        yield DuckDBWarehouse(connection, str(path))
    finally:
        connection.close()


@contextmanager
def open_memory(label: str) -> Iterator[DuckDBWarehouse]:
    """Open an empty session in memory, which stands for the warehouse of that label."""
    with duckdb.connect() as connection:
        yield DuckDBWarehouse(connection, label)
