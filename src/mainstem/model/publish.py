"""Copies gold, the rows that evidence it and the status of the platform out of the warehouse.

What a build publishes is for readers that may read all day: the warehouse's own file has one writer
and, while that writes, no reader.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from mainstem.errors import DiskFull, tells_full_disk
from mainstem.model.dbt import NOT_PUBLISHED
from mainstem.model.published import DATABASE, PublishedTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mainstem.model.dbt import NodeResult

_KINDS = ("gold", "evidence")

_RESULTS = """
    CREATE TEMP TABLE results (name VARCHAR, kind VARCHAR, status VARCHAR, seconds DOUBLE,
        path VARCHAR, tested VARCHAR, failures BIGINT)
"""

_STATUS = {
    "models": (
        "One row per model and test of the build.",
        "FROM temp.main.results",
    ),
    "regions": (
        "One row per region and signal that was loaded.",
        """
        SELECT region, signal, min(event_date) AS first_event_date,
            max(event_date) AS last_event_date, max(load_id) AS last_load_id,
            max(finished_at) AS last_loaded_at
        FROM warehouse.bronze.load_touched JOIN warehouse.bronze.loads USING (load_id)
        GROUP BY region, signal ORDER BY region, signal
        """,
    ),
}


def copy_tables(
    warehouse: Path, folder: Path, results: Sequence[NodeResult]
) -> tuple[PublishedTable, ...]:
    """Write the models that ask for it into the folder's DuckDB file and as Parquet.

    Evidence may be limited to the last `evidence_days` before its own latest day, so that a build
    costs by those days and not by history.
    """
    models = [result for result in results if result.publish in _KINDS]
    with _full_disk_told(folder), duckdb.connect() as connection:
        copy = _Copy(connection, warehouse, folder)
        tables = [
            copy.write(str(model.publish), model.name, _rows_of(model), model.description)
            for model in sorted(models, key=lambda model: (model.publish or "", model.name))
        ]
        connection.execute(_RESULTS)
        connection.executemany(
            "INSERT INTO results VALUES (?, ?, ?, ?, ?, ?, ?)",
            [[r.name, r.kind, r.status, r.seconds, r.path, r.tested, r.failures] for r in results],
        )
        tables += [
            copy.write("status", name, sql, description)
            for name, (description, sql) in _STATUS.items()
        ]
        connection.execute("CHECKPOINT published")
    return tuple(tables)


@contextmanager
def _full_disk_told(folder: Path) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        if tells_full_disk(str(error)):
            raise DiskFull(f"publishing in {folder.parent}", hint=NOT_PUBLISHED) from None
        raise


def data_date(warehouse: Path) -> str | None:
    """Tell the latest day that has a product event, as the models know it."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        row = connection.execute(
            "SELECT CAST(max(as_of_date) AS VARCHAR) FROM silver.int_telemetry_extent"
        ).fetchone()
    return row[0] if row else None


class _Copy:
    """One connection with the warehouse attached for reading and the build's file for writing."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, warehouse: Path, folder: Path
    ) -> None:
        self._connection = connection
        self._folder = folder
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"ATTACH {_text(str(warehouse))} AS warehouse (READ_ONLY)")
        connection.execute(f"ATTACH {_text(str(folder / DATABASE))} AS published")
        for schema in (*_KINDS, "status"):
            connection.execute(f"CREATE SCHEMA published.{schema}")
            (folder / "parquet" / schema).mkdir(parents=True)

    def write(self, kind: str, name: str, sql: str, description: str) -> PublishedTable:
        """Write one query's rows as a table of the schema `kind` and as a Parquet file."""
        target = f"published.{kind}.{_name(name)}"
        rows = self._connection.execute(f"CREATE TABLE {target} AS {sql}").fetchone()
        table = PublishedTable(kind, name, rows[0] if rows else 0, description)
        path = _text(str(self._folder / table.parquet))
        self._connection.execute(f"COPY {target} TO {path} (FORMAT parquet, COMPRESSION zstd)")
        return table


def _rows_of(model: NodeResult) -> str:
    source = f"warehouse.{_name(model.schema)}.{_name(model.name)}"
    rows = f"FROM {source}"
    if model.evidence_days is None:
        return rows
    newest = f"(SELECT max(event_date) FROM {source})"  # noqa: S608
    return f"{rows} WHERE event_date > {newest} - {int(model.evidence_days)}"


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
