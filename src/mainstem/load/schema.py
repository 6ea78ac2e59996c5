"""Tables of schema `bronze`: the core's columns as DuckDB has them, and the load's own books."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from mainstem import _core
from mainstem.errors import UsageError
from mainstem.records import Signal

if TYPE_CHECKING:
    import duckdb

    from mainstem.load.duckdb import Warehouse

_SQL_TYPES = {
    pa.string(): "VARCHAR",
    pa.large_string(): "VARCHAR",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.timestamp("us"): "TIMESTAMP",
    pa.date32(): "DATE",
}

COUNTS = (
    "received",
    "stored",
    "rejected",
    "dropped",
    "sampled",
    "aggregated",
    "duplicate",
    "held_before",
    "held_after",
)

BOOKS = {
    "ledger": f"""
        instance VARCHAR NOT NULL, seq BIGINT NOT NULL, kind VARCHAR NOT NULL,
        region VARCHAR NOT NULL, environment VARCHAR NOT NULL, "at" TIMESTAMP NOT NULL,
        segment VARCHAR, signal VARCHAR, class VARCHAR, hour VARCHAR, policy VARCHAR,
        container VARCHAR, blob VARCHAR, bytes BIGINT, sha256 VARCHAR, compression VARCHAR,
        lines BIGINT, lines_sha256 VARCHAR,
        {", ".join(f"{count} BIGINT NOT NULL" for count in COUNTS)},
        redactions VARCHAR NOT NULL, first_time TIMESTAMP, last_time TIMESTAMP,
        entry_sha256 VARCHAR NOT NULL, previous VARCHAR NOT NULL, load_id BIGINT NOT NULL,
        forward_to VARCHAR, forwarded VARCHAR""",
    "loads": """
        load_id BIGINT NOT NULL, started_at TIMESTAMP NOT NULL, finished_at TIMESTAMP,
        blobs BIGINT NOT NULL, records BIGINT NOT NULL""",
    "load_blobs": """
        load_id BIGINT NOT NULL, region VARCHAR NOT NULL, signal VARCHAR NOT NULL,
        segment VARCHAR, blob VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, etag VARCHAR,
        received_at TIMESTAMP NOT NULL, lines BIGINT, records_stored BIGINT,
        records_loaded BIGINT NOT NULL, records_quarantined BIGINT NOT NULL,
        records_duplicate BIGINT NOT NULL, status VARCHAR NOT NULL""",
    "load_touched": """
        load_id BIGINT NOT NULL, signal VARCHAR NOT NULL, event_date DATE NOT NULL,
        region VARCHAR NOT NULL""",
    "request_digests": """
        digest BLOB NOT NULL, region VARCHAR NOT NULL, signal VARCHAR NOT NULL,
        received_at TIMESTAMP NOT NULL""",
    "quarantine": """
        load_id BIGINT NOT NULL, region VARCHAR NOT NULL, signal VARCHAR NOT NULL,
        blob VARCHAR NOT NULL, line BIGINT, byte_offset BIGINT, code VARCHAR NOT NULL,
        records BIGINT""",
    "quarantine_decisions": """
        region VARCHAR NOT NULL, signal VARCHAR NOT NULL, blob VARCHAR NOT NULL,
        decision VARCHAR NOT NULL, decided_at TIMESTAMP NOT NULL""",
    "removed": """
        region VARCHAR NOT NULL, step BIGINT NOT NULL, container VARCHAR NOT NULL,
        blob VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, reason VARCHAR NOT NULL,
        removed_at TIMESTAMP NOT NULL, load_id BIGINT NOT NULL""",
    "source_files": """
        name VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, rows BIGINT NOT NULL,
        load_id BIGINT NOT NULL, loaded_at TIMESTAMP NOT NULL""",
}
"""The load's own tables (docs/formats.md, "Load ledger")."""


def bronze_columns(signal: Signal) -> dict[str, str]:
    """Give a bronze table's columns and DuckDB types, from the core's own definition of them."""
    schema = pa.schema(_core.bronze_schema(signal.value))
    return {**{field.name: _SQL_TYPES[field.type] for field in schema}, "load_id": "BIGINT"}


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing; a column that the core has learned since is added, empty."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS bronze")
    connection.execute("CREATE SCHEMA IF NOT EXISTS sources")
    for name, columns in BOOKS.items():
        connection.execute(f"CREATE TABLE IF NOT EXISTS bronze.{name} ({columns})")
    for column in ("forward_to", "forwarded"):
        connection.execute(f"ALTER TABLE bronze.ledger ADD COLUMN IF NOT EXISTS {column} VARCHAR")
    for signal in Signal:
        table, columns_of = signal.bronze_table, bronze_columns(signal)
        columns = ", ".join(f'"{name}" {kind}' for name, kind in columns_of.items())
        connection.execute(f"CREATE TABLE IF NOT EXISTS bronze.{table} ({columns})")
        for name, kind in columns_of.items():
            connection.execute(
                f'ALTER TABLE bronze.{table} ADD COLUMN IF NOT EXISTS "{name}" {kind}'
            )


def expect_tables(warehouse: Warehouse) -> None:
    """UsageError where a warehouse was made by a version that had not all of the load's tables."""
    found = {
        name
        for (name,) in warehouse.query(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'bronze'"
        )
    }
    if lacking := sorted(BOOKS.keys() - found):
        raise UsageError(
            f"the warehouse {warehouse.path} has no table bronze.{lacking[0]}: an older version "
            "made it",
            hint="Run `mainstem load`, which adds what is missing.",
        )
