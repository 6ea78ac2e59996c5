"""The load of logs into DuckDB: mainstem's, the same flattening by hand in SQL, and dlt's.

`python -m bench.load [--json] [--records N]`. The blobs are a collector's own: requests are sent to
one, and what it seals is put into a store. Each way then runs in a process of its own, one after
the other; processor time is that of all its threads. The SQL is the fastest of several that were
tried: `read_json` with the types in `columns` takes some five times as long, since a line is long.
"""

from __future__ import annotations

import argparse
import http.client
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

from bench import logs, spans, with_dlt
from bench.programs import ROOT, show
from mainstem import _core
from mainstem.config.platform import load_platform
from mainstem.load import load
from mainstem.privacy import ensure_key
from mainstem.records import Signal
from mainstem.store import LEDGER, Account, lines_name
from mainstem.warehouse import DuckDBWarehouse
from mainstem.warehouse.tables import records_table

RECORDS = 300_000
IN_REQUEST = 500
SEGMENT_BYTES = 32 << 20
WAYS = ("mainstem", "SQL by hand", "dlt with orjson")

PLATFORM = """
environment: play
home: euc
regions:
  euc: {residency: isolated, store: "file:./store"}
warehouse: duckdb:./mainstem.duckdb
"""

KEY_VALUES = """[{"key": "VARCHAR", "value": {
    "stringValue": "VARCHAR", "intValue": "VARCHAR", "doubleValue": "DOUBLE",
    "boolValue": "BOOLEAN", "bytesValue": "VARCHAR", "arrayValue": "JSON", "kvlistValue": "JSON"}}]
"""
REQUEST = f"""{{"resourceLogs": [{{
    "resource": {{"attributes": {KEY_VALUES}}}, "schemaUrl": "VARCHAR",
    "scopeLogs": [{{
        "scope": {{"name": "VARCHAR", "version": "VARCHAR", "attributes": {KEY_VALUES}}},
        "schemaUrl": "VARCHAR",
        "logRecords": [{{
            "timeUnixNano": "BIGINT", "observedTimeUnixNano": "BIGINT", "traceId": "VARCHAR",
            "spanId": "VARCHAR", "flags": "BIGINT", "severityNumber": "INTEGER",
            "severityText": "VARCHAR", "eventName": "VARCHAR", "body": {{"stringValue": "VARCHAR"}},
            "attributes": {KEY_VALUES}, "droppedAttributesCount": "BIGINT"}}]}}]}}]}}"""
"""What a line holds, as `from_json` wants it told."""

BY_HAND = f"""
    INSERT INTO bronze.otel_logs
    WITH requests AS (
        SELECT filename AS blob, unnest(from_json(json, '{REQUEST}')),
            row_number() OVER () - 1 AS line
        FROM read_json($blobs, format = 'newline_delimited', records = false, filename = true,
            columns = {{json: 'JSON'}})
    ),
    resources AS (SELECT blob, line, unnest("resourceLogs", max_depth := 2) FROM requests),
    scopes AS (
        SELECT blob, line, "resource", "schemaUrl" AS resource_schema_url,
            unnest("scopeLogs", max_depth := 2)
        FROM resources
    ),
    records AS (
        SELECT blob, line, "resource"."attributes" AS resource_attributes, resource_schema_url,
            "scope", "schemaUrl" AS scope_schema_url,
            generate_subscripts("logRecords", 1) - 1 AS ordinal,
            unnest("logRecords", max_depth := 2)
        FROM scopes
    )
    SELECT
        md5(blob || '/' || line || '/' || ordinal) AS record_id,
        'euc' AS region, 'play' AS environment, blob, line, ordinal,
        $received_at::TIMESTAMP AS received_at,
        make_timestamp(coalesce("timeUnixNano", "observedTimeUnixNano") // 1000) AS event_ts,
        event_ts::DATE AS event_date,
        CASE WHEN "timeUnixNano" IS NULL THEN 'observed' ELSE 'time' END AS time_source,
        list_filter(resource_attributes, lambda a: a."key" = 'service.name')[1]
            ."value"."stringValue" AS service_name,
        list_filter("attributes", lambda a: a."key" = 'tenant.id')[1]
            ."value"."stringValue" AS tenant_id,
        as_object(resource_attributes) AS resource_attributes, resource_schema_url,
        "scope"."name" AS scope_name, "scope"."version" AS scope_version,
        as_object("scope"."attributes") AS scope_attributes, scope_schema_url,
        "timeUnixNano", "observedTimeUnixNano", "traceId", "spanId", coalesce(flags, 0),
        coalesce("severityNumber", 0), "severityText", "eventName",
        "body"."stringValue" AS body, 'string' AS body_type,
        as_object("attributes") AS log_attributes, coalesce("droppedAttributesCount", 0),
        1 AS load_id
    FROM records
"""
AS_OBJECT = """
    CREATE TEMP MACRO as_object(list) AS '{' || coalesce(array_to_string(list_transform(list,
        lambda a: to_json(a."key") || ':' || coalesce(
            to_json(a."value"."stringValue"), a."value"."intValue",
            to_json(a."value"."doubleValue"), to_json(a."value"."boolValue"),
            to_json(a."value"."bytesValue"), a."value"."arrayValue", a."value"."kvlistValue",
            'null')), ','), '') || '}'
"""
SAME = """
    SELECT count(*), count(DISTINCT record_id), sum(ordinal), min(event_ts), max(event_ts),
        sum(hash(event_ts, tenant_id, service_name, scope_name, trace_id, body, event_name,
            severity_text, event_date, resource_attributes,
            log_attributes::JSON ->> '$."enduser.pseudo.id"',
            log_attributes::JSON ->> '$."app.page.number"',
            (log_attributes::JSON ->> '$."app.took.ms"')::DOUBLE))
    FROM bronze.otel_logs
"""
"""What the first two must agree about. Ids differ: SQL has no BLAKE3 of a request's digest."""


def make_blobs(folder: Path, records: int) -> None:
    """Send requests to a collector, and put the segments that it seals into the store."""
    key = ensure_key(folder / "key")
    plan = {
        "region": "euc",
        "environment": "play",
        "receivers": {"otlp": {"grpc": None, "http": "127.0.0.1:0", "max_body_bytes": 20 << 20}},
        "in_flight_bytes": 32 << 20,
        "spool": {
            "path": str(folder / "spool"),
            "durability": "disk",
            "segment_bytes": SEGMENT_BYTES,
            "segment_age_ms": 600_000,
            "digest_window_ms": 600_000,
        },
        "key_path": str(key.path),
        "pipelines": [
            {
                "name": "logs",
                "signal": "logs",
                "receivers": ["otlp"],
                "steps": [{"redaction": spans.policy(detectors=True)}],
                "class": "logs",
            }
        ],
        "classes": {
            "logs": {
                "signal": "logs",
                "container": "logs",
                "name_format": "%Y/%m/%d/logs_%H_%M_%S.json",
                "timezone": "UTC",
                "compression": "none",
            }
        },
    }
    store = Account.open("file:./store", folder)
    for container in ("logs", LEDGER):
        store.ensure_container(container)
    plane = _core.DataPlane(json.dumps(plan))
    sender = http.client.HTTPConnection("127.0.0.1", plane.start()["otlp"]["http"])
    for seed in range(records // IN_REQUEST):
        body = logs.request(IN_REQUEST, seed).SerializeToString()
        sender.request("POST", "/v1/logs", body, {"Content-Type": "application/x-protobuf"})
        answer = sender.getresponse()
        if answer.status != 200 or answer.read():
            sys.exit(f"the collector answered {answer.status}")
    plane.drain(60)
    while item := plane.next_outbox(0):
        if item.container is not None and item.blob_name is not None and item.lines is not None:
            store.container(LEDGER).create(lines_name(item.entry_name), item.lines)
            store.container(item.container).create(item.blob_name, item.payload())
        store.container(LEDGER).create(item.entry_name, item.entry)
        plane.confirm(item.seq)
    plane.close()
    (folder / "mainstem.yaml").write_text(PLATFORM)


def by_hand(folder: Path) -> None:
    """Flatten with SQL alone, in one transaction."""
    blobs = sorted(map(str, folder.glob("store/logs/**/*.json")))
    with duckdb.connect(warehouse(folder, WAYS[1])) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        columns = ", ".join(
            f'"{column.name}" {DuckDBWarehouse.sql_types[column.type]}'
            for column in records_table(Signal.LOGS).columns
        )
        connection.execute("CREATE SCHEMA bronze")
        connection.execute(f"CREATE TABLE bronze.otel_logs ({columns})")
        connection.execute(AS_OBJECT)
        received_at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
        connection.execute(BY_HAND, {"blobs": blobs, "received_at": received_at})


def warehouse(folder: Path, way: str) -> Path:
    """Name the database that a way loads into."""
    return folder / f"{way.split(maxsplit=1)[0].lower()}.duckdb"


def measure(way: str, folder: Path) -> dict[str, float]:
    """Load in this process; gives seconds and the most memory resident."""
    begun, used = time.perf_counter(), _processor_seconds()
    if way == WAYS[0]:
        result = load(load_platform(folder / "mainstem.yaml"))
        if result.problems or result.failed:
            sys.exit(f"mainstem did not load all: {result}")
    elif way == WAYS[1]:
        by_hand(folder)
    else:
        with_dlt.load_with_dlt(folder, warehouse(folder, way))
    return {
        "wall": time.perf_counter() - begun,
        "cpu": _processor_seconds() - used,
        "resident": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def result_of(folder: Path, way: str) -> list[Any]:
    """Tell what a way left in its warehouse, as far as both must agree."""
    with duckdb.connect(warehouse(folder, way), read_only=True) as connection:
        return list(connection.execute(SAME).fetchall()[0])


def count_of(folder: Path, way: str) -> int:
    """Count what a way left; dlt's table has fewer columns than the others'."""
    with duckdb.connect(warehouse(folder, way), read_only=True) as connection:
        return int(connection.execute("SELECT count(*) FROM bronze.otel_logs").fetchall()[0][0])


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(prog="python -m bench.load")
    options.add_argument("--json", action="store_true", help="print JSON in place of a table")
    options.add_argument("--records", type=int, default=RECORDS)
    options.add_argument("--one", nargs=2, metavar=("WAY", "FOLDER"), help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.one:
        print(json.dumps(measure(chosen.one[0], Path(chosen.one[1]))))
        return
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_blobs(folder, chosen.records)
        megabytes = sum(p.stat().st_size for p in folder.glob("store/logs/**/*.json")) / 1e6
        for way in WAYS:
            command = [sys.executable, "-m", "bench.load", "--one", way, name]
            done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
            took = json.loads(done.stdout)
            rows.append(
                {
                    "load": way,
                    "records/s": round(chosen.records / took["wall"]),
                    "CPU s": round(took["cpu"], 2),
                    "wall s": round(took["wall"], 2),
                    "resident MB": round(took["resident"]),
                }
            )
        left = [result_of(folder, way) for way in WAYS[:2]]
        if left[0] != left[1] or {left[0][0], count_of(folder, WAYS[2])} != {chosen.records}:
            sys.exit(f"the ways do not agree: {left}")
    for row in rows:
        row["CPU of SQL's"] = round(row["CPU s"] / rows[1]["CPU s"], 2)
        row["wall of SQL's"] = round(row["wall s"] / rows[1]["wall s"], 2)
    show(f"{chosen.records:,} log records, {megabytes:,.0f} MB of OTLP/JSON", rows)


if __name__ == "__main__":
    main()
