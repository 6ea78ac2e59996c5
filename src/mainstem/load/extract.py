"""A business extract: read whole, and held against what the vocabulary says of its table.

What is wrong is told in full, by column and row; a cell is never quoted.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from mainstem.config.sources import Postings
from mainstem.load.datev import BadBatch, columns_of, is_extf, read_batch
from mainstem.warehouse import quoted
from mainstem.warehouse.tables import source_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mainstem.config.sources import Source
    from mainstem.vocabulary import BusinessTable, Column

SUFFIXES = (".csv", ".parquet")
"""Of the files in a folder that is one extract."""
_CASTS = {
    "text": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "decimal": "DECIMAL(18,6)",
    "rate": "DECIMAL(18,12)",
    "int": "BIGINT",
    "timezone": "VARCHAR",
    "currency": "VARCHAR",
}
"""As what a cell is read; a time without a zone is UTC."""


class BadExtract(Exception):
    """What is wrong with an extract, a line for each; nothing of it is loaded."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(*problems)
        self.problems = list(problems)


def read_files(table: BusinessTable, source: Source, files: Sequence[Path]) -> pa.Table:
    """Read files, together one extract, as the table's columns; BadExtract where any is wrong."""
    with _reading(table, source) as reading:
        read, problems = [], []
        for path in files:
            try:
                read.append(reading.file(path))
            except BadExtract as bad:
                problems += bad.problems
        if problems:
            raise BadExtract(problems)
        return reading.whole(pa.concat_tables(read), str(source.path))


def read_rows(table: BusinessTable, source: Source, rows: pa.Table) -> pa.Table:
    """Read rows that somebody keeps in a table as the table's columns; BadExtract where wrong."""
    with _reading(table, source) as reading:
        reading.session.register("given", rows)
        place = str(source.table)
        return reading.whole(reading.relation("given", place), place)


@contextmanager
def _reading(table: BusinessTable, source: Source) -> Iterator[_Reading]:
    with duckdb.connect() as session:
        session.execute("SET TimeZone = 'UTC'")
        yield _Reading(session, table, source)


@dataclass(frozen=True)
class _Reading:
    """One extract being read, in a session of its own."""

    session: duckdb.DuckDBPyConnection
    table: BusinessTable
    source: Source

    def file(self, path: Path) -> pa.Table:
        """Read one file: DATEV's by its own reader, another as CSV or Parquet."""
        if isinstance(self.source, Postings) and is_extf(path):
            return self._batch(self.source, path)
        self.session.execute("SET VARIABLE business_file = ?", [str(path)])
        reader = (
            "read_parquet(getvariable('business_file'))"
            if path.suffix.lower() == ".parquet"
            else "read_csv(getvariable('business_file'), header = true, all_varchar = true)"
        )
        return self.relation(reader, str(path))

    def relation(self, relation: str, place: str) -> pa.Table:
        """Read a relation under our names and in our types, and look at every cell."""
        try:
            found = [row[0] for row in self.session.execute(f"DESCRIBE FROM {relation}").fetchall()]
            if problem := _missing_columns(self.table, self.source, found):
                raise self._bad(place, problem)
            cells = ", ".join(
                f"{_cell(c, self.source, found)} AS {quoted(c.name)}" for c in self.table.columns
            )
            self.session.execute(
                f"CREATE OR REPLACE TEMP TABLE cells AS SELECT {cells} FROM {relation}"  # noqa: S608
            )
        except duckdb.Error as error:
            # Its own text may quote what the file holds.
            raise self._bad(place, f"cannot be read ({type(error).__name__})") from None
        if problems := list(_bad_cells(self.session, self.table)):
            raise self._bad(place, *problems)
        casts = ", ".join(
            f"{_cast(column)} AS {quoted(column.name)}" for column in self.table.columns
        )
        rows = self.session.sql(f"SELECT {casts} FROM cells").to_arrow_table()  # noqa: S608
        return rows.cast(_schema(self.table))

    def whole(self, rows: pa.Table, place: str) -> pa.Table:
        """Look at the extract as a whole: a key stands in one row of it."""
        self.session.register("extract", rows)
        key = ", ".join(quoted(name) for name in self.table.key)
        ((doubled,),) = self.session.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM extract "  # noqa: S608
            f"GROUP BY {key} HAVING count(*) > 1)"
        ).fetchall()
        if doubled:
            named = ", ".join(self.table.key)
            raise self._bad(place, f"{doubled} values of {named} stand in more than one row")
        return rows

    def _batch(self, source: Postings, path: Path) -> pa.Table:
        try:
            postings = read_batch(path, source.revenue_accounts, source.tax_percent)
        except BadBatch as bad:
            raise self._bad(str(path), *bad.problems) from None
        columns = columns_of(postings)
        schema = _schema(self.table)
        return pa.table({name: columns[name] for name in schema.names}, schema=schema)

    def _bad(self, place: str, *problems: str) -> BadExtract:
        return BadExtract([f"sources.{self.table.name}: {place}: {text}" for text in problems])


def _schema(table: BusinessTable) -> pa.Schema:
    whole = source_table(table.name).arrow_schema
    return pa.schema([whole.field(c.name) for c in table.columns])


def _cell(column: Column, source: Source, found: list[str]) -> str:
    """Read a cell as text; one that is empty, or whose column is not there, is the default."""
    default = source.defaults.get(column.name, "").replace("'", "''")
    otherwise = f"nullif('{default}', '')"
    theirs = source.columns.get(column.name, column.name)
    if theirs not in found:
        return otherwise
    return f"coalesce(nullif(trim(CAST({quoted(theirs)} AS VARCHAR)), ''), {otherwise})"


def _cast(column: Column) -> str:
    cast = f"CAST({quoted(column.name)} AS {_CASTS[column.type]})"
    return f"CAST({cast} AS TIMESTAMP)" if column.type == "timestamp" else cast


def _missing_columns(table: BusinessTable, source: Source, found: list[str]) -> str | None:
    missing = []
    for column in table.columns:
        theirs = source.columns.get(column.name, column.name)
        needed = column.name in source.columns or not (
            column.nullable or column.name in source.defaults
        )
        if needed and theirs not in found:
            missing.append(theirs if theirs == column.name else f"{theirs} (for {column.name})")
    if not missing:
        return None
    return f"lacks the columns {', '.join(missing)}; it has {', '.join(found)}"


def _bad_cells(session: duckdb.DuckDBPyConnection, table: BusinessTable) -> Iterator[str]:
    rules = [
        (condition, f"{column.name} {reason}")
        for column in table.columns
        for condition, reason in _rules(column)
    ]
    if table.interval:
        begin, end = (f"TRY_CAST({quoted(column)} AS DATE)" for column in table.interval)
        rules.append((f"{end} < {begin}", f"{table.interval[1]} lies before {table.interval[0]}"))
    for condition, reason in rules:
        ((count, first),) = session.execute(
            f"SELECT count(*), min(rowid) FROM cells WHERE {condition}"  # noqa: S608
        ).fetchall()
        if count:
            yield f"{reason} in {count} rows, first in row {first + 1}"


def _rules(column: Column) -> Iterator[tuple[str, str]]:
    """Give conditions that hold for a wrong cell, and how to say what is wrong."""
    cell = quoted(column.name)
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
