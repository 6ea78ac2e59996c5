"""What was published, opened for readers: a build, and how the platform itself fared.

One connection in memory has a view for each table, `gold.x`, `evidence.x`, `status.x` and
`operations.x`, over files that are opened to be read only. A reader who may see some regions alone
has views of those rows, and none at all of a table that has no region: what a view does not show,
no query can.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from mainstem.errors import DataError
from mainstem.model import DATABASE, OPERATIONS, Build, current_build, nothing_published
from mainstem.warehouse import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    Parameters = Sequence[object] | Mapping[str, object]

SCHEMAS = ("gold", "evidence", "status", "operations")
_REGION_OF = ("region", "account_region", "home_region")
"""The columns by which a row is of a region, the nearest first."""
_OPEN_TO_ALL = frozenset({"operations.taken", "operations.loads", "status.models"})
"""Tables without a region that tell nothing of one."""


@dataclass
class Published:
    """A build that was published, for one reader."""

    build: Build
    connection: duckdb.DuckDBPyConnection
    columns: dict[str, tuple[str, ...]]
    """The columns of each table that this reader has, by `schema.name`."""
    withheld: frozenset[str]
    """Tables that are there, and not for this reader: they add up over regions."""

    def has(self, table: str, *columns: str) -> bool:
        """Tell whether a table is there, with these columns."""
        return table in self.columns and set(columns) <= set(self.columns[table])

    def rows(self, sql: str, parameters: Parameters = ()) -> list[dict[str, Any]]:
        """Run a query; a row's values are what DuckDB gives.

        Parameters stand as `?` in a sequence, or by name as `$name`.
        """
        with self.connection.cursor() as cursor:
            result = cursor.execute(sql, parameters)
            names = [column[0] for column in result.description or ()]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def arrow(self, sql: str, parameters: Parameters = ()) -> pa.Table:
        """Run a query for a table of Arrow."""
        with self.connection.cursor() as cursor:
            table: pa.Table = cursor.sql(sql, params=parameters).to_arrow_table()
            return table

    def value(self, sql: str, parameters: Parameters = ()) -> Any:
        """Run a query for its first value; None without a row."""
        with self.connection.cursor() as cursor:
            row = cursor.execute(sql, parameters).fetchone()
            return row[0] if row else None


@contextmanager
def reading(published: Path, regions: Collection[str] | None = None) -> Iterator[Published]:
    """Open what is published, for a reader of these regions, or of all; raises as `open_published`.

    UsageError where nothing is published.
    """
    opened = open_published(published, regions)
    if opened is None:
        raise nothing_published(published)
    with opened.connection:
        yield opened


def open_published(published: Path, regions: Collection[str] | None = None) -> Published | None:
    """Open what is published; None where nothing is, DataError where a file cannot be read."""
    found = _current(published)
    if found is None:
        return None
    build, folder = found
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    opened = Published(build, connection, {}, frozenset())
    try:
        for schema in SCHEMAS:
            connection.execute(f"CREATE SCHEMA {schema}")
        _attach(connection, "build", folder / DATABASE)
        _show(opened, "build", regions)
        if (operations := published / OPERATIONS).exists():
            _attach(connection, "operations_file", operations)
            _show(opened, "operations_file", regions)
    except BaseException:
        connection.close()
        raise
    return opened


def _current(published: Path) -> tuple[Build, Path] | None:
    try:
        return current_build(published)
    except (ValueError, KeyError, TypeError):
        raise DataError(
            f"the build that {published}/current names cannot be read",
            hint="Run `mainstem build --full-refresh`, which publishes another.",
        ) from None


def _attach(connection: duckdb.DuckDBPyConnection, name: str, file: Path) -> None:
    address = str(file).replace("'", "''")
    try:
        connection.execute(f"ATTACH '{address}' AS {name} (READ_ONLY)")
    except duckdb.Error:
        raise DataError(
            f"{file} cannot be read: it is no file of DuckDB's, or not whole",
            hint="Run `mainstem build --full-refresh`, which publishes another.",
        ) from None


def _show(opened: Published, database: str, regions: Collection[str] | None) -> None:
    """Make the views of a file's tables."""
    rows = opened.connection.execute(
        "SELECT table_schema, table_name, list(column_name ORDER BY ordinal_position) "
        "FROM information_schema.columns WHERE table_catalog = ? GROUP BY ALL ORDER BY ALL",
        [database],
    ).fetchall()
    withheld = set(opened.withheld)
    for schema, name, columns in rows:
        shown = "operations" if database != "build" else schema
        table = f"{shown}.{name}"
        where = "" if regions is None or table in _OPEN_TO_ALL else _only(columns, regions)
        if where is None:
            withheld.add(table)
            continue
        opened.connection.execute(
            f"CREATE VIEW {shown}.{quoted(name)} AS "  # noqa: S608
            f"SELECT * FROM {database}.{schema}.{quoted(name)}{where}"
        )
        opened.columns[table] = tuple(columns)
    opened.withheld = frozenset(withheld)


def _only(columns: Sequence[str], regions: Collection[str]) -> str | None:
    """Give the condition that keeps the rows of some regions; None where no column tells."""
    column = next((name for name in _REGION_OF if name in columns), None)
    if column is None:
        return None
    names = ", ".join("'" + name.replace("'", "''") + "'" for name in sorted(regions))
    return f" WHERE {column} IN ({names})" if names else " WHERE false"
