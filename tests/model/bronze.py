"""A small warehouse by hand: bronze as the loader leaves it, with events that a test names."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb

from mainstem.config.platform import Platform, load_platform
from mainstem.vocabulary import load_vocabulary

if TYPE_CHECKING:
    from pathlib import Path

COMMON = """
    record_id VARCHAR, region VARCHAR, environment VARCHAR, blob VARCHAR, line INTEGER,
    ordinal INTEGER, received_at TIMESTAMP, event_ts TIMESTAMP, event_date DATE,
    time_source VARCHAR, service_name VARCHAR, tenant_id VARCHAR, resource_attributes VARCHAR,
    resource_schema_url VARCHAR, scope_name VARCHAR, scope_version VARCHAR,
    scope_attributes VARCHAR, scope_schema_url VARCHAR,
"""
BRONZE = {
    "otel_logs": """
        time_unix_nano BIGINT, observed_time_unix_nano BIGINT, trace_id VARCHAR, span_id VARCHAR,
        flags BIGINT, severity_number INTEGER, severity_text VARCHAR, event_name VARCHAR,
        body VARCHAR, body_type VARCHAR, log_attributes VARCHAR, dropped_attributes_count BIGINT
    """,
    "otel_spans": """
        start_time_unix_nano BIGINT, end_time_unix_nano BIGINT, duration_time_unix_nano BIGINT,
        trace_id VARCHAR, span_id VARCHAR, parent_span_id VARCHAR, trace_state VARCHAR,
        flags BIGINT, name VARCHAR, kind INTEGER, status_code INTEGER, status_message VARCHAR,
        span_attributes VARCHAR, events_json VARCHAR, links_json VARCHAR,
        dropped_attributes_count BIGINT, dropped_events_count BIGINT, dropped_links_count BIGINT
    """,
    "otel_metrics": """
        name VARCHAR, description VARCHAR, unit VARCHAR, metric_type VARCHAR,
        start_time_unix_nano BIGINT, time_unix_nano BIGINT, int_value BIGINT, double_value DOUBLE,
        aggregation_temporality INTEGER, is_monotonic BOOLEAN, count BIGINT, sum DOUBLE,
        min DOUBLE, max DOUBLE, bucket_counts VARCHAR, explicit_bounds VARCHAR, scale INTEGER,
        zero_count BIGINT, zero_threshold DOUBLE, positive_offset INTEGER,
        positive_bucket_counts VARCHAR, negative_offset INTEGER, negative_bucket_counts VARCHAR,
        quantile_values VARCHAR, exemplars_json VARCHAR, metadata_json VARCHAR,
        metric_attributes VARCHAR, flags BIGINT
    """,
}


@dataclass(frozen=True)
class Event:
    """One log record with an event name; `at` is UTC."""

    at: datetime
    name: str
    tenant: str | None
    attributes: dict[str, Any] = field(default_factory=dict)
    region: str = "euc"
    severity: int = 9


def make_warehouse(path: Path) -> None:
    """Make the schemas `bronze` and `sources`, empty."""
    with duckdb.connect(str(path)) as warehouse:
        warehouse.execute("CREATE SCHEMA bronze; CREATE SCHEMA sources")
        for table, columns in BRONZE.items():
            warehouse.execute(f"CREATE TABLE bronze.{table} ({COMMON} {columns}, load_id BIGINT)")
        warehouse.execute("""
            CREATE TABLE bronze.loads (load_id BIGINT, started_at TIMESTAMP,
                finished_at TIMESTAMP, blobs BIGINT, records BIGINT);
            CREATE TABLE bronze.load_touched (load_id BIGINT, signal VARCHAR, event_date DATE,
                region VARCHAR)
        """)
        for table in load_vocabulary().business.values():
            columns = ", ".join(f"{column.name} {column.sql_type}" for column in table.columns)
            warehouse.execute(f"CREATE TABLE sources.{table.name} ({columns})")


def load_events(path: Path, load_id: int, events: list[Event]) -> None:
    """Insert events as one load, with the days that it touched."""
    rows = [
        (
            f"{load_id:08x}{index:024x}",
            event.region,
            event.at + timedelta(seconds=1),
            event.at,
            event.at.date(),
            event.tenant,
            event.severity,
            event.name or None,
            json.dumps(event.attributes),
            load_id,
        )
        for index, event in enumerate(events)
    ]
    with duckdb.connect(str(path)) as warehouse:
        warehouse.executemany(
            """
            INSERT INTO bronze.otel_logs (record_id, region, environment, blob, line, ordinal,
                received_at, event_ts, event_date, time_source, service_name, tenant_id,
                resource_attributes, severity_number, event_name, body_type, log_attributes,
                load_id)
            SELECT $1, $2, 'play', 'b', 0, 0, $3, $4, $5, 'time', 'contoso', $6, '{}', $7, $8,
                'empty', $9, $10
            """,
            rows,
        )
        finish_load(warehouse, load_id, "logs", len(rows))


def finish_load(
    warehouse: duckdb.DuckDBPyConnection, load_id: int, signal: str, records: int
) -> None:
    """Write the load and what it touched, as the loader does in the same transaction."""
    table = {"logs": "otel_logs", "traces": "otel_spans"}[signal]
    warehouse.execute(
        "INSERT INTO bronze.loads VALUES ($1, now()::TIMESTAMP, now()::TIMESTAMP, 1, $2)",
        [load_id, records],
    )
    warehouse.execute(
        f"INSERT INTO bronze.load_touched SELECT DISTINCT $1, $2, event_date, region "
        f"FROM bronze.{table} WHERE load_id = $1",
        [load_id, signal],
    )


def load_business(path: Path, table: str, rows: list[dict[str, Any]]) -> None:
    """Replace a business table whole."""
    with duckdb.connect(str(path)) as warehouse:
        warehouse.execute(f"DELETE FROM sources.{table}")
        for row in rows:
            names = ", ".join(row)
            marks = ", ".join("?" * len(row))
            warehouse.execute(
                f"INSERT INTO sources.{table} ({names}) VALUES ({marks})", list(row.values())
            )


def at(day: date, hour: int = 12, minute: int = 0, second: int = 0) -> datetime:
    """Give a moment of a day, UTC without a zone, as bronze holds it."""
    moment = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=UTC)
    return moment.replace(tzinfo=None)


def load_spans(path: Path, load_id: int, spans: list[tuple[datetime, str, int]]) -> None:
    """Insert spans (time, tenant, status code) as one load."""
    with duckdb.connect(str(path)) as warehouse:
        warehouse.executemany(
            """
            INSERT INTO bronze.otel_spans (record_id, region, environment, received_at, event_ts,
                event_date, time_source, tenant_id, service_name, name, status_code,
                span_attributes, load_id)
            SELECT $1, 'euc', 'play', $2, $2, CAST($2 AS DATE), 'time', $3, 'contoso', 'work', $4,
                '{}', $5
            """,
            [
                (f"{load_id:08x}{index:024x}", moment, tenant, status, load_id)
                for index, (moment, tenant, status) in enumerate(spans)
            ],
        )
        finish_load(warehouse, load_id, "traces", len(spans))


def make_platform(directory: Path) -> Platform:
    """Write a platform file of one region and read it."""
    path = directory / "mainstem.yaml"
    path.write_text(
        "environment: play\n"
        "regions: {euc: {store: 'file:./stores/euc'}}\n"
        "central: {store: 'file:./stores/central'}\n"
    )
    return load_platform(path)


def touch(path: Path, load_id: int, signal: str, day: date, region: str) -> None:
    """Write a load that took rows away from a day and brought none."""
    with duckdb.connect(str(path)) as warehouse:
        warehouse.execute(
            "INSERT INTO bronze.loads VALUES ($1, now()::TIMESTAMP, now()::TIMESTAMP, 1, 0)",
            [load_id],
        )
        warehouse.execute(
            "INSERT INTO bronze.load_touched VALUES ($1, $2, $3, $4)",
            [load_id, signal, day, region],
        )
