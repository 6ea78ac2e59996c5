"""A business extract: read whole, and held against what the vocabulary says of its table.

What is wrong is told in full, by column and row; a cell is never quoted.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from mainstem.warehouse.tables import source_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mainstem.vocabulary import BusinessTable, Column

_CASTS = {"text": "VARCHAR", "date": "DATE", "timestamp": "TIMESTAMP", "decimal": "DECIMAL(18,6)"}
_CASTS |= {"int": "BIGINT", "timezone": "VARCHAR", "currency": "VARCHAR"}


class BadExtract(Exception):
    """What is wrong with an extract, a line for each; nothing of it is loaded."""

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems = list(problems)


def read_extract(table: BusinessTable, path: Path) -> pa.Table:
    """Read a CSV or Parquet file as its table's columns; BadExtract where anything is wrong."""
    with duckdb.connect() as session, _refused(table, path):
        session.execute("SET TimeZone = 'UTC'")
        session.execute("SET VARIABLE business_file = ?", [str(path)])
        reader = (
            "read_parquet(getvariable('business_file'))"
            if path.suffix == ".parquet"
            else "read_csv(getvariable('business_file'), header = true, all_varchar = true)"
        )
        found = [row[0] for row in session.execute(f"DESCRIBE FROM {reader}").fetchall()]
        columns = ", ".join(f'{_cell(c, found)} AS "{c.name}"' for c in table.columns)
        if problems := list(_missing_columns(table, path, found)):
            raise BadExtract(*problems)
        session.execute(f"CREATE TABLE business_rows AS SELECT {columns} FROM {reader}")  # noqa: S608
        problems = [*_bad_cells(session, table), *_doubled_keys(session, table)]
        if problems:
            raise BadExtract(*(f"sources.{table.name}: {path}: {problem}" for problem in problems))
        typed = ", ".join(
            f'CAST("{c.name}" AS {_CASTS[c.type]}) AS "{c.name}"' for c in table.columns
        )
        rows = session.sql(f"SELECT {typed} FROM business_rows").to_arrow_table()  # noqa: S608
    schema = source_table(table.name).arrow_schema
    return rows.cast(pa.schema([schema.field(c.name) for c in table.columns]))


@contextmanager
def _refused(table: BusinessTable, path: Path) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        # Its own text may quote what the file holds.
        raise BadExtract(
            f"sources.{table.name}: {path} cannot be read ({type(error).__name__})"
        ) from None


def _cell(column: Column, found: list[str]) -> str:
    """Read a cell as text; an empty one, and one of a column that is not there, is no value."""
    if column.name not in found:
        return "CAST(NULL AS VARCHAR)"
    return f"nullif(trim(\"{column.name}\"::VARCHAR), '')"


def _missing_columns(table: BusinessTable, path: Path, found: list[str]) -> Iterator[str]:
    missing = [c.name for c in table.columns if c.name not in found and not c.nullable]
    if missing:
        lacks, has = ", ".join(missing), ", ".join(found)
        yield f"sources.{table.name}: {path} lacks the columns {lacks}; it has {has}"


def _bad_cells(session: duckdb.DuckDBPyConnection, table: BusinessTable) -> Iterator[str]:
    for column in table.columns:
        for condition, reason in _rules(column):
            ((count, first),) = session.execute(
                f"SELECT count(*), min(rowid) FROM business_rows WHERE {condition}"  # noqa: S608
            ).fetchall()
            if count:
                yield f"{column.name} {reason} in {count} rows, first in row {first + 1}"
    if table.interval:
        begin, end = (f'TRY_CAST("{name}" AS DATE)' for name in table.interval)
        ((count, first),) = session.execute(
            f"SELECT count(*), min(rowid) FROM business_rows WHERE {end} < {begin}"  # noqa: S608
        ).fetchall()
        if count:
            yield (
                f"{table.interval[1]} lies before {table.interval[0]} in {count} rows, first in "
                f"row {first + 1}"
            )


def _rules(column: Column) -> Iterator[tuple[str, str]]:
    """Give conditions that hold for a wrong cell, and how to say what is wrong."""
    cell = f'"{column.name}"'
    if not column.nullable:
        yield f"{cell} IS NULL", "is empty"
    match column.type:
        case "timezone":
            known = "SELECT name FROM pg_timezone_names()"
            yield f"{cell} NOT IN ({known})", "is no IANA time zone"
        case "currency":
            yield f"NOT regexp_full_match({cell}, '[A-Z]{{3}}')", "is no currency's three letters"
        case "text":
            pass
        case kind:
            wrong = f"{cell} IS NOT NULL AND TRY_CAST({cell} AS {_CASTS[kind]}) IS NULL"
            yield wrong, f"is not of type {kind}"
    if column.values:
        allowed = ", ".join(f"'{value}'" for value in column.values)
        yield f"{cell} NOT IN ({allowed})", f"is none of {', '.join(column.values)}"


def _doubled_keys(session: duckdb.DuckDBPyConnection, table: BusinessTable) -> Iterator[str]:
    key = ", ".join(f'"{name}"' for name in table.key)
    ((doubled,),) = session.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM business_rows "  # noqa: S608
        f"GROUP BY {key} HAVING count(*) > 1)"
    ).fetchall()
    if doubled:
        yield f"{doubled} values of {', '.join(table.key)} stand in more than one row"
