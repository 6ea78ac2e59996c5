"""The log records that loading is measured with: product events and ordinary lines of a service."""

from __future__ import annotations

import random
import struct
import time

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

# An id that no other bytes of the request look like, so that its place can be found.
MARK = 0x5EED_FACE_CAFE_0000
PARTS = ("cart", "checkout", "orders", "search", "customers", "invoices")


def request(count: int, seed: int) -> ExportLogsServiceRequest:
    """Make a request of `count` records of the last minutes; `seed` makes it unlike others."""
    pick = random.Random(seed)
    message = ExportLogsServiceRequest()
    resource = message.resource_logs.add()
    for key, value in (
        ("service.name", "shop-backend"),
        ("service.version", "2026.11.3"),
        ("deployment.environment.name", "production"),
        ("host.name", f"ip-euc-worker-{seed % 17}"),
    ):
        resource.resource.attributes.add(key=key).value.string_value = value
    scope = resource.scope_logs.add()
    scope.scope.name = "shop.backend"
    scope.scope.version = "3.1.0"
    start = time.time_ns() - 300_000_000_000
    for index in range(count):
        part = pick.choice(PARTS)
        record = scope.log_records.add(
            time_unix_nano=start + index * 1_000_003,
            observed_time_unix_nano=start + index * 1_000_003 + 50_000,
            severity_number=9,
            severity_text="INFO",
            trace_id=pick.randbytes(16),
            span_id=pick.randbytes(8),
            flags=1,
        )
        record.body.string_value = f'{part}: page {pick.randrange(1000)} of "{part}" was opened'
        if index % 3 == 0:
            record.event_name = "feature.used"
        for key, value in (
            ("tenant.id", f"tenant-{pick.randrange(40):03}"),
            ("feature.name", f"{part}-overview"),
            ("enduser.pseudo.id", f"p_{pick.getrandbits(64):016x}"),
            ("code.function.name", f"shop.{part}.open_page"),
            ("thread.name", f"worker-{pick.randrange(16)}"),
            ("app.request.note", f"page {pick.randrange(100)} of {part}, by date"),
        ):
            record.attributes.add(key=key).value.string_value = value
        record.attributes.add(key="app.page.number").value.int_value = pick.randrange(1000)
        record.attributes.add(key="app.took.ms").value.double_value = pick.random() * 100
        record.attributes.add(key="app.cached").value.bool_value = pick.random() < 0.5
    return message


def marked(count: int, seed: int = 1) -> ExportLogsServiceRequest:
    """Make a request whose span ids a replayer can find and fill in; see `spans.slots`."""
    message = request(count, seed)
    records = message.resource_logs[0].scope_logs[0].log_records
    for index, record in enumerate(records):
        record.span_id = struct.pack(">Q", MARK + index)
        if index % 10 == 0:
            note = f"asked by user{index}@example.com from 10.1.{index % 250}.7"
            record.attributes.add(key="app.contact").value.string_value = note
    return message
