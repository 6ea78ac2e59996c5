"""DuckDB as the destination: one file, one writer, rows and load ledger in one transaction."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from mainstem.errors import Transient, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

Row = tuple[Any, ...]


class WarehouseBusy(Transient):
    """Another process holds the warehouse's file; it has one writer, or readers, at a time."""


class Warehouse:
    """A connection to the warehouse's file, held for one command."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self.connection = connection
        self.path = path
        connection.execute("SET TimeZone = 'UTC'")

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run a query and give all its rows."""
        return self.connection.execute(sql, list(parameters)).fetchall()

    def value(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        """Run a query of one row and give its first column."""
        # To its end: a result that is only begun holds up whatever the connection does next.
        rows = self.connection.execute(sql, list(parameters)).fetchall()
        return rows[0][0] if rows else None

    def change(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Run an INSERT, UPDATE or DELETE and give the number of rows it touched."""
        return int(self.value(sql, parameters) or 0)

    def insert(self, table: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Insert rows, given by column, into a table of schema `bronze`."""
        if rows:
            with self.registered(new_rows=pa.Table.from_pylist(list(rows))):
                self.connection.execute(
                    f"INSERT INTO bronze.{table} BY NAME SELECT * FROM new_rows"  # noqa: S608
                )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all that happens inside, or nothing of it."""
        self.connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    @contextmanager
    def registered(self, **tables: object) -> Iterator[None]:
        """Let SQL read Arrow data under the given names while inside."""
        for name, table in tables.items():
            self.connection.register(name, table)
        try:
            yield
        finally:
            for name in tables:
                self.connection.unregister(name)


@contextmanager
def open_warehouse(path: Path, *, read_only: bool = False) -> Iterator[Warehouse]:
    """Open the warehouse's file; WarehouseBusy, with the process, where another one holds it.

    UsageError where a reader finds no file.
    """
    if read_only and not path.exists():
        raise UsageError(f"there is no warehouse at {path} yet", hint="Run `mainstem load` first.")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = duckdb.connect(str(path), read_only=read_only)
    except duckdb.IOException as error:
        text = str(error)
        if "lock" not in text:
            raise Transient(f"the warehouse {path} cannot be opened") from error
        holder = re.search(r"\(PID (\d+)\)", text)
        by = f"process {holder[1]}" if holder else "another process"
        raise WarehouseBusy(
            f"the warehouse {path} is held by {by}",
            hint="DuckDB's file has one writer at a time: wait for that load or build, or end it, "
            "and run again. What reads all day belongs on the published copy.",
        ) from None
    try:
        yield Warehouse(connection, path)
    finally:
        connection.close()
