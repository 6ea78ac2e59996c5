"""What a warehouse is to the rooms above it: a few verbs, the same on every engine.

SQL that goes through them is what DuckDB and PostgreSQL both read, with parameters as `$1`, `$2`;
nothing above this room asks which of the two it is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa

from mainstem.errors import Transient, UsageError
from mainstem.warehouse.tables import books_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from mainstem.warehouse.tables import Table

Row = tuple[Any, ...]


class NoWarehouse(UsageError):
    """There is nothing to read yet: no load has run."""


class WarehouseBusy(Transient):
    """Another process holds the warehouse; it has one writer at a time."""


class WarehouseFailed(Transient):
    """The warehouse did not carry a statement out, or is gone; what was committed counts.

    Nothing of the engine's own text is in it: that may quote a value.
    """


def quoted(identifier: str) -> str:
    """Quote an identifier for SQL."""
    return '"' + identifier.replace('"', '""') + '"'


class Warehouse(ABC):
    """A connection to the warehouse, held for one command.

    Whatever a method runs raises WarehouseFailed where the engine refuses it.
    """

    label: str
    """Where it is, for messages: never with a password."""
    sql_types: ClassVar[Mapping[pa.DataType, str]]
    """The engine's type for each type that a table's column may have."""
    indexed: ClassVar[bool]
    """Whether it needs indexes to find rows."""

    def __init__(self, label: str) -> None:
        self.label = label
        self._inside = False

    @abstractmethod
    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run a query and give all its rows; times come without a zone, bytes as bytes."""

    @abstractmethod
    def arrow(self, sql: str, parameters: Sequence[object] = ()) -> pa.RecordBatchReader:
        """Run a query and give its rows as Arrow, batch by batch.

        To be read to its end before the warehouse is asked for anything else.
        """

    @abstractmethod
    def change(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Run an INSERT, UPDATE or DELETE and give the number of rows it touched."""

    @abstractmethod
    def define(self, sql: str) -> None:
        """Run a statement that makes or alters tables."""

    @abstractmethod
    def append(self, table: str, rows: pa.Table | pa.RecordBatchReader) -> int:
        """Put Arrow rows into a table (`bronze.loads`), by column names; gives their number."""

    @abstractmethod
    def registered(self, **tables: pa.Table) -> AbstractContextManager[None]:
        """Let SQL read Arrow tables under the given names while inside."""

    def bound_memory(self, megabytes: int) -> None:  # noqa: B027
        """Have at most so much of this process's memory; an engine that is a server has none."""

    def sample(self, *tables: str) -> None:  # noqa: B027
        """See how rows of tables that grew are spread; an engine that counts as it writes knows."""

    @abstractmethod
    def _end(self, *, commit: bool) -> None: ...

    @abstractmethod
    def _begin(self) -> None: ...

    def value(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        """Run a query of one row and give its first column; None where it has no row."""
        rows = self.query(sql, parameters)
        return rows[0][0] if rows else None

    def insert(self, table: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Insert rows, given by column, into one of the load's own tables."""
        if rows:
            known = books_table(table).arrow_schema
            schema = pa.schema([field for field in known if field.name in rows[0]])
            self.append(f"bronze.{table}", pa.Table.from_pylist(list(rows), schema=schema))

    def columns(self, schema: str, table: str) -> tuple[str, ...]:
        """Name a table's columns in their order; none where there is no such table."""
        rows = self.query(
            "SELECT column_name FROM information_schema.columns "
            "WHERE table_schema = $1 AND table_name = $2 ORDER BY ordinal_position",
            (schema, table),
        )
        return tuple(name for (name,) in rows)

    def read(self, table: Table) -> pa.RecordBatchReader:
        """Read a table whole, in the types of its definition, batch by batch.

        To be read to its end before the warehouse is asked for anything else.
        """
        columns = ", ".join(f'"{column.name}"' for column in table.columns)
        rows = self.arrow(f"SELECT {columns} FROM {table.path}")  # noqa: S608
        # Old rows have no value in columns that were added since, whatever the definition says.
        schema = pa.schema([field.with_nullable(True) for field in table.arrow_schema])
        return pa.RecordBatchReader.from_batches(schema, (batch.cast(schema) for batch in rows))

    def relation(self, schema: str, name: str, where: str = "") -> pa.RecordBatchReader:
        """Read a table or view that somebody else made, in its own types, batch by batch.

        `where` is a condition on its columns; there is none if it is empty. To be read to its end
        before the warehouse is asked for anything else.
        """
        condition = f" WHERE {where}" if where else ""
        return self.arrow(f"SELECT * FROM {quoted(schema)}.{quoted(name)}{condition}")  # noqa: S608

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all that happens inside, or nothing of it; within another one, a part of it."""
        if self._inside:
            yield
            return
        self._begin()
        self._inside = True
        try:
            yield
        except BaseException:
            self._end(commit=False)
            raise
        else:
            self._end(commit=True)
        finally:
            self._inside = False
