"""One record of each signal, sent as a product would send it and followed as far as it gets.

The records are ordinary ones: service `mainstem-probe`, and a random trace id to find them by. They
take the same way as everything else and stay as long.
"""

from __future__ import annotations

import json
import secrets
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from mainstem import _core
from mainstem.errors import Transient, UsageError
from mainstem.load import load
from mainstem.records import EntryKind, LedgerEntry, Signal
from mainstem.replicate import replicate
from mainstem.store.account import Account
from mainstem.store.names import LEDGER
from mainstem.warehouse import NoWarehouse, open_warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mainstem.config.platform import Platform, Region

ANSWER_S = 10
POLL_S = 1.0
SERVICE = "mainstem-probe"


class State(StrEnum):
    """How a step went."""

    OK = "ok"
    PENDING = "pending"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True)
class Step:
    """Where one signal's record stands."""

    signal: Signal
    stage: str
    state: State
    text: str


def probe(
    endpoint: str,
    platform: Platform | None,
    region: Region | None,
    wait_s: float,
    *,
    through: bool = False,
) -> Iterator[Step]:
    """Send one record of each signal and tell each step as it is known.

    With a platform and a region the records are followed into the region's store for up to
    `wait_s` seconds, the central store and the warehouse; `through` replicates and loads for that.
    Transient where the endpoint does not answer.
    """
    url = _http_endpoint(endpoint)
    trace_id = secrets.token_hex(16)
    store = None
    if platform is not None and region is not None and region.store is not None:
        store = Account.open(region.store, platform.directory)
    before = _entries(store) if store is not None else set()
    waiting: list[Signal] = []
    for signal in Signal:
        step = _send(url, signal, trace_id)
        yield step
        if step.state is State.OK:
            waiting.append(signal)
    if store is None or platform is None or region is None:
        return
    found: dict[Signal, LedgerEntry] = {}
    for signal, entry in _in_store(store, before, waiting, trace_id, wait_s):
        found[signal] = entry
        blob = entry.blob
        name = f"{blob.container}/{blob.name}" if blob else ""
        yield Step(signal, "blob", State.OK, name)
        yield Step(signal, "ledger", State.OK, f"instance {entry.instance}, entry {entry.seq}")
    if through:
        replicate(platform)
        load(platform)
    for signal, entry in found.items():
        yield from _at_centre(platform, region, signal, entry)
        yield _in_warehouse(platform, region, signal, trace_id)
    for signal in waiting:
        if signal not in found:
            reason = f"in no blob after {wait_s:g} s: is the collector the one of {region.name}?"
            yield Step(signal, "blob", State.FAILED, reason)


def _http_endpoint(endpoint: str) -> str:
    text = endpoint if "//" in endpoint else f"http://{endpoint}"
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            "ENDPOINT is the OTLP/HTTP address of a collector", hint="Such as http://localhost:4318"
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def request(signal: Signal, trace_id: str, now_ns: int) -> dict[str, Any]:
    """Write the one record of a signal as an OTLP/JSON request."""
    now = str(now_ns)
    resource = {"attributes": [_text("service.name", SERVICE)]}
    scope = {"name": SERVICE}
    match signal:
        case Signal.TRACES:
            span = {
                "traceId": trace_id,
                "spanId": trace_id[:16],
                "name": SERVICE,
                "kind": 1,
                "startTimeUnixNano": now,
                "endTimeUnixNano": now,
            }
            spans = {"scope": scope, "spans": [span]}
            return {"resourceSpans": [{"resource": resource, "scopeSpans": [spans]}]}
        case Signal.LOGS:
            record = {
                "timeUnixNano": now,
                "traceId": trace_id,
                "severityNumber": 9,
                "severityText": "INFO",
                "body": {"stringValue": SERVICE},
            }
            records = {"scope": scope, "logRecords": [record]}
            return {"resourceLogs": [{"resource": resource, "scopeLogs": [records]}]}
        case Signal.METRICS:
            point = {
                "timeUnixNano": now,
                "asInt": "1",
                "attributes": [_text("probe.id", trace_id)],
            }
            metric = {"name": "mainstem.probe", "gauge": {"dataPoints": [point]}}
            metrics = {"scope": scope, "metrics": [metric]}
            return {"resourceMetrics": [{"resource": resource, "scopeMetrics": [metrics]}]}


def _text(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}


def _send(url: str, signal: Signal, trace_id: str) -> Step:
    body = json.dumps(request(signal, trace_id, time.time_ns())).encode()
    sent = urllib.request.Request(  # noqa: S310 - the scheme is checked above
        f"{url}/v1/{signal}", body, {"Content-Type": "application/json"}
    )
    begun = time.monotonic()
    try:
        with urllib.request.urlopen(sent, timeout=ANSWER_S) as response:  # noqa: S310
            answer = json.loads(response.read() or b"{}")
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == HTTPStatus.NOT_FOUND:
            return Step(signal, "accepted", State.SKIPPED, "the collector has no such pipeline")
        return Step(signal, "accepted", State.FAILED, f"refused with HTTP {error.code}")
    except OSError:
        raise Transient(
            f"{url} does not answer", hint="Is the collector running, and is this its HTTP port?"
        ) from None
    rejected = int(answer.get("partialSuccess", {}).get(f"rejected{_RECORDS[signal]}", 0))
    if rejected:
        return Step(signal, "accepted", State.FAILED, "the record was rejected")
    took_ms = 1000 * (time.monotonic() - begun)
    return Step(signal, "accepted", State.OK, f"durable after {took_ms:.1f} ms")


_RECORDS = {Signal.TRACES: "Spans", Signal.LOGS: "LogRecords", Signal.METRICS: "DataPoints"}


def _entries(store: Account) -> set[str]:
    """List the names of today's ledger entries (UTC)."""
    day = datetime.now(UTC).strftime("%Y/%m/%d")
    return {info.name for info in store.container(LEDGER).list(day) if info.name.endswith(".json")}


def _in_store(
    store: Account, seen: set[str], signals: list[Signal], trace_id: str, wait_s: float
) -> Iterator[tuple[Signal, LedgerEntry]]:
    """Look into each new segment until every signal's record is found or the time is over."""
    missing = set(signals)
    deadline = time.monotonic() + wait_s
    while missing:
        for name in sorted(_entries(store) - seen):
            seen.add(name)
            entry = LedgerEntry.parse(store.container(LEDGER).read(name))
            if entry.kind is not EntryKind.SEGMENT or entry.blob is None or entry.signal is None:
                continue
            if entry.signal in missing and _holds(store, entry, entry.signal, trace_id):
                missing.discard(entry.signal)
                yield entry.signal, entry
        if time.monotonic() > deadline:
            return
        time.sleep(POLL_S)


def _holds(store: Account, entry: LedgerEntry, signal: Signal, trace_id: str) -> bool:
    if entry.blob is None:
        return False
    blob = _core.read_blob(
        store.container(entry.blob.container).read(entry.blob.name),
        signal=signal.value,
        name=entry.blob.name,
        region=entry.region,
        environment=entry.environment,
        received_at_ns=entry.at_unix_nano,
        lines=None,
        skip=[],
        promote={},
    )
    table = pa.RecordBatchReader.from_stream(blob).read_all()
    column = table.column("metric_attributes" if signal is Signal.METRICS else "trace_id")
    matches = pc.match_substring(column.cast(pa.string()), trace_id)
    return bool(pc.any(matches).as_py())


def _at_centre(
    platform: Platform, region: Region, signal: Signal, entry: LedgerEntry
) -> Iterator[Step]:
    """Look for the blob's central copy, where its signal travels at all."""
    place = platform.loaded_from(region.name, signal)
    if place is None or platform.home == region.name or entry.blob is None:
        return
    store, container = place
    copy = Account.open(store, platform.directory).container(container).head(entry.blob.name)
    if copy is None:
        yield Step(signal, "central", State.PENDING, "not copied yet: replicate")
    else:
        yield Step(signal, "central", State.OK, f"{container}/{entry.blob.name}")


def _in_warehouse(platform: Platform, region: Region, signal: Signal, trace_id: str) -> Step:
    if platform.loaded_from(region.name, signal) is None:
        return Step(signal, "warehouse", State.SKIPPED, f"{signal} of {region.name} do not travel")
    if _loaded(platform, signal, trace_id):
        return Step(signal, "warehouse", State.OK, f"bronze.{signal.bronze_table}")
    following = "load" if platform.home == region.name else "replicate, then load"
    return Step(signal, "warehouse", State.PENDING, f"not loaded yet: {following}")


def _loaded(platform: Platform, signal: Signal, trace_id: str) -> bool:
    column = "metric_attributes" if signal is Signal.METRICS else "trace_id"
    query = f"SELECT 1 FROM bronze.{signal.bronze_table} WHERE {column} LIKE $1 LIMIT 1"  # noqa: S608
    try:
        with open_warehouse(platform, read_only=True) as warehouse:
            return bool(warehouse.query(query, (f"%{trace_id}%",)))
    except (NoWarehouse, Transient):
        # A load holds it, or none has made the tables yet.
        return False
