"""The OpenTelemetry SDK for Node as sender: all signals, over gRPC, HTTP/protobuf and HTTP/JSON."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from planes import Collector

SCRIPT = Path(__file__).parent / "node_sender" / "send.cjs"


@pytest.mark.parametrize("transport", ["grpc", "proto", "http"])
def test_all_signals_arrive_redacted(
    collector: Collector, node_sender: Path, transport: str
) -> None:
    grpc = transport == "grpc"
    subprocess.run(
        ["node", SCRIPT, transport, f"http://{collector.grpc}" if grpc else collector.http],
        env={**os.environ, "NODE_PATH": str(node_sender)},
        check=True,
        timeout=60,
    )
    accepted = {
        signal: collector.counts(signal, "grpc" if grpc else "http")["accepted"]
        for signal in ("traces", "logs", "metrics")
    }
    assert accepted == {"traces": 5, "logs": 5, "metrics": 1}
    stored = collector.seal()
    assert "example.com" not in str(stored)
    assert {len(lines) for lines in stored.values()} <= {1, 5}
