"""Decode, redact, JSON, zstd level 1 on one thread: the core, and the same work in plain Python.

`python -m bench.core [--json]`
"""

from __future__ import annotations

import json
import re
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zstandard
from google.protobuf.json_format import MessageToJson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bench import spans
from bench.programs import build, run, show

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opentelemetry.proto.common.v1.common_pb2 import KeyValue

COUNT = 512
SECONDS = 3.0


def plain_python(body: bytes) -> float:
    """Do the work of the two patterns with protobuf's classes; gives spans a second."""
    patterns = [re.compile(pattern) for pattern in spans.PATTERNS]
    compressor = zstandard.ZstdCompressor(level=1)

    def mask(attributes: Iterable[KeyValue]) -> None:
        for attribute in attributes:
            if attribute.value.HasField("string_value"):
                text = attribute.value.string_value
                for pattern in patterns:
                    text = pattern.sub("****", text)
                attribute.value.string_value = text

    done = 0
    begun = time.perf_counter()
    while (taken := time.perf_counter() - begun) < SECONDS:
        message = ExportTraceServiceRequest.FromString(body)
        for resource in message.resource_spans:
            mask(resource.resource.attributes)
            for scope in resource.scope_spans:
                for span in scope.spans:
                    mask(span.attributes)
                    for event in span.events:
                        mask(event.attributes)
        text = MessageToJson(message, indent=None, use_integers_for_enums=True)
        compressor.compress(text.encode())
        done += COUNT
    return done / taken


def main() -> None:
    """Measure and print."""
    program = build("core")
    body = spans.request(COUNT).SerializeToString()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        template, policy = Path(folder, "template"), Path(folder, "policy")
        template.write_bytes(body)
        for name, detectors in (
            ("two patterns", False),
            ("two patterns + default detectors", True),
        ):
            policy.write_text(json.dumps(spans.policy(detectors=detectors)))
            result = run(program, template, policy, SECONDS)
            steps = {step: round(result[step], 2) for step in ("decode", "redact", "json", "zstd")}
            rows.append(
                {"what": f"core, {name}", "spans/s": round(result["records_per_second"]), **steps}
            )
    blank = dict.fromkeys(("decode", "redact", "json", "zstd"), "")
    rows.append(
        {
            "what": "plain Python, two patterns on attribute values",
            "spans/s": round(plain_python(body)),
            **blank,
        }
    )
    show(f"One thread, {COUNT} spans of {len(body) // COUNT} bytes a request", rows)


if __name__ == "__main__":
    main()
