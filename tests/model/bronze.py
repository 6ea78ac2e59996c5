"""A small warehouse by hand: bronze as the loader leaves it, with events that a test names."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb

from mainstem.config.platform import Platform, load_platform
from mainstem.warehouse import bring_forward
from mainstem.warehouse.duckdb import open_file

if TYPE_CHECKING:
    from pathlib import Path


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
    """Make the schemas `bronze` and `sources`, empty, as the loader makes them."""
    with open_file(path) as warehouse:
        bring_forward(warehouse)


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
                resource_attributes, scope_attributes, flags, severity_number, event_name,
                body_type, log_attributes, dropped_attributes_count, load_id)
            SELECT $1, $2, 'play', 'b', 0, 0, $3, $4, $5, 'time', 'contoso', $6, '{}', '{}', 0, $7,
                $8, 'empty', $9, 0, $10
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
    """Replace a business table whole; its rows are known since 2026-01-01 where they do not say."""
    with duckdb.connect(str(path)) as warehouse:
        warehouse.execute(f"DELETE FROM sources.{table}")
        for given in rows:
            row = {"first_as_of": datetime(2026, 1, 1)} | given
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
            INSERT INTO bronze.otel_spans (record_id, region, environment, blob, line, ordinal,
                received_at, event_ts, event_date, time_source, tenant_id, service_name,
                resource_attributes, scope_attributes, flags, name, kind, status_code,
                span_attributes, events_json, links_json, dropped_attributes_count,
                dropped_events_count, dropped_links_count, load_id)
            SELECT $1, 'euc', 'play', 'b', 0, 0, $2, $2, CAST($2 AS DATE), 'time', $3, 'contoso',
                '{}', '{}', 0, 'work', 1, $4, '{}', '[]', '[]', 0, 0, 0, $5
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
