"""What passes between the stages: signals, counts and ledger entries (docs/formats.md)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

LEDGER_FORMAT = "mainstem.ledger/1"
NO_PREVIOUS = "0" * 64
"""The hash that the first object of a chain names as that of the one before it."""


class Signal(StrEnum):
    """What a request carries, and so what a segment and a blob hold."""

    TRACES = "traces"
    LOGS = "logs"
    METRICS = "metrics"

    @property
    def bronze_table(self) -> str:
        """The bronze table that the signal's records are loaded into."""
        return {"traces": "otel_spans", "logs": "otel_logs", "metrics": "otel_metrics"}[self.value]


LOCAL_SUFFIX = "-local"
"""Of the class whose records a rule keeps in their region, whatever their signal's route."""

CONVERTED_SUFFIX = "-converted"
"""Of the class whose blobs are not its segments (append blobs, protobuf): they are read as another
exporter's are."""


def local_class(signal: Signal) -> str:
    """Name the class of a signal's records that stay."""
    return f"{signal.value}{LOCAL_SUFFIX}"


def converted_class(signal: Signal) -> str:
    """Name the class of a signal's records whose blobs are not its segments."""
    return f"{signal.value}{CONVERTED_SUFFIX}"


class EntryKind(StrEnum):
    """What a ledger entry records."""

    GENESIS = "genesis"
    SEGMENT = "segment"
    HEARTBEAT = "heartbeat"
    HOUR_CLOSED = "hour_closed"
    FORWARDED = "forwarded"


@dataclass(frozen=True)
class Counts:
    """The books of one segment, in spans, log records or data points.

    received + held_before = stored + rejected + dropped + sampled + aggregated + duplicate
    + held_after.
    """

    received: int = 0
    stored: int = 0
    rejected: int = 0
    dropped: int = 0
    sampled: int = 0
    aggregated: int = 0
    duplicate: int = 0
    held_before: int = 0
    held_after: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            **{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)}
        )

    @property
    def balance(self) -> int:
        """What came in less what is accounted for: 0 where the books balance."""
        accounted = (
            self.stored
            + self.rejected
            + self.dropped
            + self.sampled
            + self.aggregated
            + self.duplicate
            + self.held_after
        )
        return self.received + self.held_before - accounted


@dataclass(frozen=True)
class BlobRef:
    """The blob that a segment became: whole, once, under the name its identity determines."""

    container: str
    name: str
    bytes: int
    sha256: str
    compression: str
    lines: int


@dataclass(frozen=True)
class Forwarded:
    """What an exporter made of a segment, in spans, log records or data points.

    `sent` is what the receiver took; `rejected` it left out of requests that it took, `refused` it
    refused for good, and `abandoned` was given up as configured. Of two entries for one segment
    and exporter the later counts.
    """

    segment: str
    signal: Signal
    container_class: str
    hour: str
    exporter: str
    lines: int
    sent: int
    rejected: int
    refused: int
    abandoned: int

    @classmethod
    def _from_json(cls, raw: dict[str, Any]) -> Forwarded:
        rest = {key: value for key, value in raw.items() if key not in ("signal", "class")}
        return cls(signal=Signal(raw["signal"]), container_class=raw["class"], **rest)


@dataclass(frozen=True)
class LedgerEntry:
    """One object `ledger/YYYY/MM/DD/<instance>/<seq>.json`.

    `sha256` is that of the entry's own bytes, which the next entry names as `previous`.
    `blob` is None for entries that are not segments, and for a segment that stored nothing or is
    forwarded alone. `forward_to` names the exporters that a segment is owed to.
    """

    kind: EntryKind
    instance: str
    seq: int
    previous: str
    region: str
    environment: str
    at_unix_nano: int
    sha256: str
    segment: str | None = None
    signal: Signal | None = None
    container_class: str | None = None
    hour: str | None = None
    policy: str | None = None
    blob: BlobRef | None = None
    lines_sha256: str | None = None
    counts: Counts = field(default_factory=Counts)
    redactions: dict[str, int] = field(default_factory=dict)
    first_time_unix_nano: int | None = None
    last_time_unix_nano: int | None = None
    entries: tuple[LedgerEntry, ...] = ()
    forward_to: tuple[str, ...] = ()
    forwarded: Forwarded | None = None

    @classmethod
    def parse(cls, data: bytes) -> LedgerEntry:
        """Read an entry from its object's bytes; ValueError where it is not one."""
        return cls._from_json(json.loads(data), hashlib.sha256(data).hexdigest())

    @classmethod
    def _from_json(cls, raw: dict[str, Any], sha256: str) -> LedgerEntry:
        if raw.get("format") != LEDGER_FORMAT:
            raise ValueError(f"not a ledger entry of format {LEDGER_FORMAT}")
        blob = raw.get("blob")
        return cls(
            kind=EntryKind(raw["kind"]),
            instance=raw["instance"],
            seq=raw["seq"],
            previous=raw["previous"],
            region=raw["region"],
            environment=raw["environment"],
            at_unix_nano=int(raw["at_unix_nano"]),
            sha256=sha256,
            segment=raw.get("segment"),
            signal=Signal(raw["signal"]) if "signal" in raw else None,
            container_class=raw.get("class"),
            hour=raw.get("hour"),
            policy=raw.get("policy"),
            blob=BlobRef(**blob) if blob else None,
            lines_sha256=raw.get("lines_sha256"),
            counts=Counts(**raw.get("counts", {})),
            redactions=raw.get("redactions", {}),
            first_time_unix_nano=_optional_int(raw.get("first_time_unix_nano")),
            last_time_unix_nano=_optional_int(raw.get("last_time_unix_nano")),
            entries=tuple(
                cls._from_json(entry["entry"], entry["sha256"]) for entry in raw.get("entries", [])
            ),
            forward_to=tuple((raw.get("forward") or {}).get("exporters", ())),
            forwarded=(Forwarded._from_json(raw["forwarded"]) if raw.get("forwarded") else None),
        )


def _optional_int(value: str | int | None) -> int | None:
    return None if value is None else int(value)


def entry_name(day: str, instance: str, seq: int) -> str:
    """Name an entry within the ledger container; `day` is `YYYY/MM/DD`."""
    return f"{day}/{instance}/{seq:012d}.json"
