"""Decode, redact, JSON, zstd level 1 on one thread: the core, and the same work in plain Python.

`python -m bench.core [--json]`
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

import zstandard

from bench import spans
from bench.plain import work
from bench.programs import build, run, show

COUNT = 512
SECONDS = 3.0


def plain_python(body: bytes) -> float:
    """Do the work of the two patterns with protobuf's classes; gives spans a second."""
    compressor = zstandard.ZstdCompressor(level=1)
    done = 0
    begun = time.thread_time()
    while (taken := time.thread_time() - begun) < SECONDS:
        work(body, compressor)
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
