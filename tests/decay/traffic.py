"""Telemetry of a few tenants, that a loader reads from a store: all that the facts count."""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from builders import Request, line, nanos

from mainstem.records import Signal

if TYPE_CHECKING:
    from datetime import date

TENANTS = ("t-1", "t-2", "t-3")
FEATURES = ("map", "merge", "export")


def _value(value: str | float) -> dict[str, Any]:
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": value}


def _attributes(values: dict[str, str | float]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in values.items()]


def _event(at: datetime, name: str, tenant: str, **values: str | float) -> dict[str, Any]:
    named = {key.replace("__", "."): value for key, value in values.items()}
    return {
        "timeUnixNano": str(nanos(at)),
        "severityNumber": 17 if name == "transformation.failed" else 9,
        "eventName": name,
        "attributes": _attributes({"tenant.id": tenant, **named}),
    }


def _events(chance: random.Random, at: datetime, tenant: str) -> list[dict[str, Any]]:
    """Give what one person does in a moment: a use, and now and then all the rest."""
    person = {
        "enduser__pseudo__id": f"p-{chance.randrange(6)}",
        "session__id": f"s-{at:%m%d}-{chance.randrange(4)}",
    }
    run = f"r-{at:%m%d}-{chance.randrange(4)}"
    moment = at + timedelta(seconds=chance.randrange(60))
    return [
        _event(at, "feature.used", tenant, feature__name=chance.choice(FEATURES), **person),
        _event(moment, "session.start", tenant, **person),
        _event(
            moment,
            "license.usage",
            tenant,
            license__metric="master_records",
            license__used=float(chance.randrange(900)),
            license__limit=1000.0,
        ),
        _event(
            moment,
            "resource.consumed",
            tenant,
            resource__metric="transformations",
            resource__quantity=chance.randrange(1, 9) + 0.25,
        ),
        _event(
            moment,
            chance.choice(("transformation.started", "transformation.completed")),
            tenant,
            transformation__id=run,
            transformation__records=float(chance.randrange(500)),
        ),
        _event(
            moment + timedelta(milliseconds=chance.randrange(1000)),
            "transformation.failed",
            tenant,
            transformation__id=run,
            error__type=chance.choice(("Timeout", "LimitReached")),
        ),
    ]


def _span(chance: random.Random, at: datetime, tenant: str) -> dict[str, Any]:
    end = at + timedelta(microseconds=chance.randrange(50, 900_000))
    return {
        "traceId": f"{chance.getrandbits(120) + 1:032x}",
        "spanId": f"{chance.getrandbits(60) + 1:016x}",
        "name": "POST /jobs",
        "kind": 2,
        "startTimeUnixNano": str(nanos(at)),
        "endTimeUnixNano": str(nanos(end)),
        "status": {"code": chance.choice((0, 0, 2))},
        "attributes": _attributes({"tenant.id": tenant, "http.route": "/jobs"}),
    }


def _moment(chance: random.Random, day: date) -> datetime:
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return begin + timedelta(seconds=chance.randrange(86_000), microseconds=chance.randrange(10**6))


def requests(day: date, moments: int, seed: int) -> dict[Signal, Request]:
    """Give one request of each signal with a day's traffic, the same for the same seed."""
    chance = random.Random(seed)
    logs: list[dict[str, Any]] = []
    spans: list[dict[str, Any]] = []
    for _ in range(moments):
        tenant, at = chance.choice(TENANTS), _moment(chance, day)
        logs += _events(chance, at, tenant)
        spans.append(_span(chance, at, tenant))
    return {
        signal: _request(signal, records)
        for signal, records in ((Signal.LOGS, logs), (Signal.TRACES, spans))
    }


def _request(signal: Signal, records: list[dict[str, Any]]) -> Request:
    data = line(signal, records)
    return Request(data, len(records), hashlib.sha256(data).digest()[:16])
