"""Builds what a region's collector leaves in its store, byte for byte as docs/formats.md says.

For tests of the stages after the collector: what they read is real, and what is wrong in it is
wrong on purpose.
"""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mainstem.records import LEDGER_FORMAT, LedgerEntry, Signal, entry_name
from mainstem.store import LEDGER, SignedHead, head_name, is_signed, lines_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mainstem.privacy import SigningKey
    from mainstem.store import Account

NOON = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
_FIELDS = {
    Signal.LOGS: ("resourceLogs", "scopeLogs", "logRecords"),
    Signal.TRACES: ("resourceSpans", "scopeSpans", "spans"),
    Signal.METRICS: ("resourceMetrics", "scopeMetrics", "metrics"),
}


def nanos(at: datetime) -> int:
    """Give a time in nanoseconds since 1970."""
    return int(at.timestamp()) * 1_000_000_000 + at.microsecond * 1_000


def attributes(**values: str) -> list[dict[str, Any]]:
    """Give string attributes; `__` in a name stands for a dot."""
    return [
        {"key": key.replace("__", "."), "value": {"stringValue": value}}
        for key, value in values.items()
    ]


def record(signal: Signal, at: datetime, number: int, tenant: str = "acme") -> dict[str, Any]:
    """Give one log record, one span, or one metric with one data point."""
    time, own = str(nanos(at)), attributes(tenant__id=tenant, feature__name=f"feature-{number % 3}")
    match signal:
        case Signal.LOGS:
            return {
                "timeUnixNano": time,
                "severityNumber": 9,
                "eventName": "feature.used",
                "body": {"stringValue": f"log {number}"},
                "attributes": own,
            }
        case Signal.TRACES:
            return {
                "traceId": f"{number + 1:032x}",
                "spanId": f"{number + 1:016x}",
                "name": f"span {number}",
                "kind": 2,
                "startTimeUnixNano": time,
                "endTimeUnixNano": str(nanos(at + timedelta(milliseconds=5))),
                "attributes": own,
            }
        case Signal.METRICS:
            point = {"timeUnixNano": time, "asInt": str(number), "attributes": own}
            return {"name": "requests", "unit": "1", "gauge": {"dataPoints": [point]}}


def line(signal: Signal, records: Sequence[dict[str, Any]], service: str = "contoso") -> bytes:
    """Give one request's line of a blob."""
    top, scopes, leaf = _FIELDS[signal]
    resource = {"attributes": attributes(service__name=service)}
    scope = {"scope": {"name": "tests"}, leaf: list(records)}
    document = {top: [{"resource": resource, scopes: [scope]}]}
    return json.dumps(document, separators=(",", ":")).encode()


@dataclass
class Request:
    """One accepted request: its line, digest and number of records."""

    data: bytes
    records: int
    digest: bytes
    last: datetime = NOON
    """The time of its last record."""

    @classmethod
    def of(
        cls, signal: Signal, at: datetime, count: int, first: int = 0, tenant: str = "acme"
    ) -> Request:
        """Give a request of `count` records, a second apart."""
        records = [
            record(signal, at + timedelta(seconds=n), first + n, tenant) for n in range(count)
        ]
        data = line(signal, records)
        last = at + timedelta(seconds=count - 1)
        return cls(data, count, hashlib.sha256(data).digest()[:16], last)


@dataclass
class Segment:
    """Where a segment went."""

    id: str
    container: str
    name: str
    entry: str


@dataclass
class Collector:
    """Writes as one instance of a region's collector does: blob, lines, entry, in that order."""

    account: Account
    region: str
    instance: str = "00000000000000aa"
    environment: str = "play"
    now: datetime = NOON
    seq: int = 0
    previous: str = "0" * 64
    policy: str = "0" * 16
    signer: SigningKey | None = None
    """Signs heads as collectors do; None as those did from before."""
    hour: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin the chain."""
        for container in ("logs", "traces", "metrics", LEDGER):
            self.account.ensure_container(container)
        self.write_entry("genesis")

    def requests(self, signal: Signal, *counts: int) -> list[Request]:
        """Give one request for each count, all different."""
        start = int(self.instance[-2:], 16) * 1_000_000 + self.seq * 1000
        return [
            Request.of(signal, self.now, count, start + 100 * index)
            for index, count in enumerate(counts)
        ]

    def segment(
        self,
        signal: Signal,
        requests: Sequence[Request],
        *,
        rejected: int = 0,
        duplicate: int = 0,
        upload_blob: bool = True,
        upload_entry: bool = True,
        data: bytes | None = None,
        stored: int | None = None,
        container_class: str | None = None,
    ) -> Segment:
        """Write one segment; `data` puts another content in its blob than the entry tells of."""
        identity = f"{self.instance}/{self.seq}".encode()
        segment = hashlib.sha256(identity).hexdigest()[:16]
        content = b"".join(request.data + b"\n" for request in requests)
        name = self.now.strftime(f"%Y/%m/%d/{signal}_%H_%M_%S_{segment}.json")
        lines = b"".join(
            request.digest + struct.pack("<Q", nanos(self.now)) for request in requests
        )
        stored = sum(request.records for request in requests) if stored is None else stored
        container = container_class or signal.value
        self.account.ensure_container(container)
        if upload_blob:
            sent = content if data is None else data
            self.account.container(container).create(name, sent)
        entry = entry_name(self.now.strftime("%Y/%m/%d"), self.instance, self.seq)
        if upload_entry:
            self.account.container(LEDGER).create(lines_name(entry), lines)
        written = self.write_entry(
            "segment",
            upload=upload_entry,
            segment=segment,
            signal=signal.value,
            **{"class": container},
            hour=self.now.strftime("%Y-%m-%dT%H"),
            policy=self.policy,
            blob={
                "container": container,
                "name": name,
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
                "compression": "none",
                "lines": len(requests),
            },
            lines_sha256=hashlib.sha256(lines).hexdigest(),
            counts={
                "received": stored + rejected + duplicate,
                "stored": stored,
                "rejected": rejected,
                "dropped": 0,
                "sampled": 0,
                "aggregated": 0,
                "duplicate": duplicate,
                "held_before": 0,
                "held_after": 0,
            },
            redactions={"email": 1},
            first_time_unix_nano=str(nanos(self.now)),
            last_time_unix_nano=str(
                nanos(max([self.now, *(request.last for request in requests)]))
            ),
        )
        self.now += timedelta(seconds=30)
        return Segment(segment, container, name, written)

    def close_hour(self) -> None:
        """Write `hour_closed` with the hour's segments in it, and go to the next hour."""
        entries = [{"sha256": sha256, "entry": entry} for sha256, entry in self.hour]
        hour = self.now.strftime("%Y-%m-%dT%H")
        self.now = self.now.replace(minute=0, second=0) + timedelta(hours=1)
        self.write_entry("hour_closed", hour=hour, entries=entries)
        self.hour.clear()

    def write_entry(self, kind: str, *, upload: bool = True, **more: Any) -> str:
        """Write the next entry of the chain and give its name."""
        document = {
            "format": LEDGER_FORMAT,
            "kind": kind,
            "instance": self.instance,
            "seq": self.seq,
            "previous": self.previous,
            "region": self.region,
            "environment": self.environment,
            "at_unix_nano": str(nanos(self.now)),
            **more,
        }
        data = json.dumps(document, separators=(",", ":")).encode()
        name = entry_name(self.now.strftime("%Y/%m/%d"), self.instance, self.seq)
        if upload:
            self.account.container(LEDGER).create(name, data)
            entry = LedgerEntry.parse(data)
            if self.signer is not None and is_signed(entry):
                self.account.container(LEDGER).create(
                    head_name(name), SignedHead.of(entry, self.signer).data
                )
        self.previous = hashlib.sha256(data).hexdigest()
        self.seq += 1
        if kind == "segment":
            self.hour.append((self.previous, document))
        return name
