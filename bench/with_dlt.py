"""The load of logs by dlt, as a team would write it: orjson reads the lines, dlt writes DuckDB."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dlt
import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TABLE = "otel_logs"
JSON_COLUMNS = ("resource_attributes", "scope_attributes", "log_attributes")


def load_with_dlt(folder: Path, database: Path) -> None:
    """Flatten the blobs of a store's `logs` into `bronze.otel_logs` of a new database."""
    os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=str(folder / "dlt"),
        destination=dlt.destinations.duckdb(str(database)),
        dataset_name="bronze",
    )
    columns: Any = {name: {"data_type": "json"} for name in JSON_COLUMNS}
    records = dlt.resource(
        _records(folder), name=TABLE, write_disposition="append", columns=columns
    )
    pipeline.run(records)


def _records(folder: Path) -> Iterator[list[dict[str, Any]]]:
    for path in sorted(folder.glob("store/logs/**/*.json")):
        with path.open("rb") as blob:
            for number, line in enumerate(blob):
                yield list(_of_request(path.name, number, orjson.loads(line)))


def _of_request(blob: str, line: int, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for resource in request["resourceLogs"]:
        resource_attributes = _plain(resource["resource"])
        for scope in resource["scopeLogs"]:
            for ordinal, record in enumerate(scope["logRecords"]):
                attributes = _plain(record)
                nanos = int(record.get("timeUnixNano") or record["observedTimeUnixNano"])
                yield {
                    "record_id": f"{blob}/{line}/{ordinal}",
                    "region": "euc",
                    "blob": blob,
                    "line": line,
                    "ordinal": ordinal,
                    "event_ts": datetime.fromtimestamp(nanos / 1e9, UTC),
                    "time_unix_nano": nanos,
                    "service_name": resource_attributes.get("service.name"),
                    "tenant_id": attributes.get("tenant.id"),
                    "trace_id": record.get("traceId"),
                    "span_id": record.get("spanId"),
                    "severity_number": record.get("severityNumber", 0),
                    "severity_text": record.get("severityText"),
                    "event_name": record.get("eventName"),
                    "body": record.get("body", {}).get("stringValue"),
                    "scope_name": scope["scope"].get("name"),
                    "resource_attributes": resource_attributes,
                    "scope_attributes": _plain(scope["scope"]),
                    "log_attributes": attributes,
                }


def _plain(owner: dict[str, Any]) -> dict[str, Any]:
    """Give attributes as a mapping of plain values; an array or map stays as OTLP writes it."""
    return {pair["key"]: _value(pair["value"]) for pair in owner.get("attributes", ())}


def _value(value: dict[str, Any]) -> Any:
    ((kind, plain),) = value.items() or (("", None),)
    return int(plain) if kind == "intValue" else plain
