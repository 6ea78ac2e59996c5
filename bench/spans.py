"""The spans that are measured with: some 580 bytes and a dozen strings each, as of a web shop."""

from __future__ import annotations

import random
import struct

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

# Ids that no other bytes of the request look like, so that their places can be found.
MARK = 0x5EED_FACE_CAFE_0000
CITIES = ("Lisbon", "Toronto", "Melbourne", "Frankfurt", "Austin")
PARTS = ("cart", "checkout", "orders", "search", "customers", "invoices")

PATTERNS = (
    r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}",
    r"[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}",
)
"""Of the article's configuration: IPv4 addresses, e-mail addresses."""

DETECTORS = (
    "email",
    "ipv4",
    "ipv6",
    "payment_card",
    "iban",
    "jwt",
    "private_key",
    "cloud_key",
    "connection_string",
    "url_credentials",
)
"""Those that are always on."""


def policy(*, detectors: bool) -> dict[str, object]:
    """Build a policy: the article's two patterns, or them and what is on by default."""
    processor = {
        "name": "redaction",
        "allow_all_keys": True,
        "blocked_values": list(PATTERNS),
    }
    if not detectors:
        return {"coverage": "full", "processors": [processor]}
    return {
        "coverage": "full",
        "processors": [processor],
        "detectors": list(DETECTORS),
        "personal_keys": True,
    }


def request(count: int, seed: int = 1) -> ExportTraceServiceRequest:
    """Make a request of `count` spans; one in ten holds an e-mail or an IP address."""
    pick = random.Random(seed)
    message = ExportTraceServiceRequest()
    resource = message.resource_spans.add()
    for key, value in (
        ("service.name", "shop-frontend"),
        ("service.version", "2026.11.3"),
        ("deployment.environment.name", "production"),
        ("host.name", "ip-euc-worker-17"),
    ):
        resource.resource.attributes.add(key=key).value.string_value = value
    scope = resource.scope_spans.add()
    scope.scope.name = "opentelemetry.instrumentation.fastapi"
    scope.scope.version = "0.60b0"
    start = 1_764_000_000_000_000_000
    for index in range(count):
        part = pick.choice(PARTS)
        span = scope.spans.add(
            trace_id=struct.pack(">QQ", pick.getrandbits(64), MARK + index),
            span_id=struct.pack(">Q", MARK + index),
            parent_span_id=pick.randbytes(8),
            name=f"GET /api/v1/{part}/{{id}}",
            kind=2,
            start_time_unix_nano=start + index * 1_000_003,
        )
        span.end_time_unix_nano = span.start_time_unix_nano + pick.randrange(10**5, 10**8)
        strings = {
            "http.request.method": "GET",
            "http.route": f"/api/v1/{part}/{{id}}",
            "url.path": f"/api/v1/{part}/{pick.randrange(10**6)}",
            "server.address": f"{part}.shop.internal",
            "user_agent.original": "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0",
            "tenant.id": f"tenant-{pick.randrange(40):03}",
            "feature.name": f"{part}-overview",
            "cloud.region": pick.choice(CITIES),
            "app.request.note": f"page {pick.randrange(100)} of {part}, by date",
        }
        if index % 10 == 0:
            strings["app.contact"] = f"user{index}@example.com from 10.1.{index % 250}.7"
        for key, value in strings.items():
            span.attributes.add(key=key).value.string_value = value
        span.attributes.add(key="http.response.status_code").value.int_value = 200
        span.attributes.add(key="http.response.body.size").value.int_value = pick.randrange(10**5)
        event = span.events.add(name="rendered", time_unix_nano=span.end_time_unix_nano - 1000)
        event.attributes.add(key="template").value.string_value = f"{part}.html"
    return message


def slots(body: bytes, count: int) -> bytes:
    """Find the places of the ids, as little-endian u32: a replayer writes new ids there."""
    found = []
    for index in range(count):
        mark = struct.pack(">Q", MARK + index)
        place = body.find(mark)
        while place >= 0:
            found.append(place)
            place = body.find(mark, place + 8)
    return struct.pack(f"<{len(found)}I", *found)
