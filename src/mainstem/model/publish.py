"""Copies gold, the rows that evidence it and the status of the platform out of the warehouse.

What a build publishes is for readers that may read all day: the warehouse has other work, and
DuckDB's file has one writer and, while that writes, no reader.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from mainstem.errors import DiskFull, tells_full_disk
from mainstem.model.dbt import NOT_PUBLISHED
from mainstem.model.published import DATABASE, PublishedTable
from mainstem.warehouse import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

    from mainstem.model.dbt import NodeResult
    from mainstem.warehouse import Warehouse

_KINDS = ("gold", "evidence")

_RESULTS = """
    CREATE TEMP TABLE results (name VARCHAR, kind VARCHAR, status VARCHAR, seconds DOUBLE,
        path VARCHAR, tested VARCHAR, failures BIGINT)
"""

_REGIONS = """
    SELECT region, signal, min(event_date) AS first_event_date,
        max(event_date) AS last_event_date, max(load_id) AS last_load_id,
        max(finished_at) AS last_loaded_at
    FROM bronze.load_touched JOIN bronze.loads USING (load_id)
    GROUP BY region, signal ORDER BY region, signal
"""


def copy_tables(
    warehouse: Warehouse, folder: Path, results: Sequence[NodeResult]
) -> tuple[PublishedTable, ...]:
    """Write the models that ask for it into the folder's DuckDB file and as Parquet.

    Evidence may be limited to the last `evidence_days` before its own latest day, so that a build
    costs by those days and not by history.
    """
    models = [result for result in results if result.publish in _KINDS]
    with _full_disk_told(folder), duckdb.connect() as connection:
        copy = _Copy(connection, folder)
        tables = [
            copy.write(model.publish or "", model.name, _rows(warehouse, model), model.description)
            for model in sorted(models, key=lambda model: (model.publish or "", model.name))
        ]
        connection.execute(_RESULTS)
        connection.executemany(
            "INSERT INTO results VALUES (?, ?, ?, ?, ?, ?, ?)",
            [[r.name, r.kind, r.status, r.seconds, r.path, r.tested, r.failures] for r in results],
        )
        ran = connection.sql("FROM results").to_arrow_table()
        told = "One row per model and test of the build."
        tables.append(copy.write("status", "models", ran, told))
        told = "One row per region and signal that was loaded."
        tables.append(copy.write("status", "regions", warehouse.arrow(_REGIONS), told))
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


def data_date(warehouse: Warehouse) -> str | None:
    """Tell the latest day that has a product event, as the models know it."""
    day: str | None = warehouse.value(
        "SELECT CAST(max(as_of_date) AS VARCHAR) FROM silver.int_telemetry_extent"
    )
    return day


class _Copy:
    """One connection with the build's file attached for writing."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self._connection = connection
        self._folder = folder
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        connection.execute(f"ATTACH {_text(str(folder / DATABASE))} AS published")
        for schema in (*_KINDS, "status"):
            connection.execute(f"CREATE SCHEMA published.{schema}")
            (folder / "parquet" / schema).mkdir(parents=True)

    def write(
        self, kind: str, name: str, rows: pa.Table | pa.RecordBatchReader, description: str
    ) -> PublishedTable:
        """Write rows as a table of the schema `kind` and as a Parquet file."""
        target = f"published.{kind}.{quoted(name)}"
        self._connection.register("rows_to_publish", rows)
        count = self._connection.execute(
            f"CREATE TABLE {target} AS FROM rows_to_publish"
        ).fetchone()
        self._connection.unregister("rows_to_publish")
        table = PublishedTable(kind, name, count[0] if count else 0, description)
        path = _text(str(self._folder / table.parquet))
        self._connection.execute(f"COPY {target} TO {path} (FORMAT parquet, COMPRESSION zstd)")
        return table


def _rows(warehouse: Warehouse, model: NodeResult) -> pa.RecordBatchReader:
    where = ""
    if model.evidence_days is not None:
        source = f"{quoted(model.schema)}.{quoted(model.name)}"
        newest = f"(SELECT max(event_date) FROM {source})"  # noqa: S608
        where = f"event_date > {newest} - {int(model.evidence_days)}"
    return warehouse.relation(model.schema, model.name, where)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
