"""A data plane of one's own for each test, on free ports, and what came out of it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mainstem import _core

MAX_BODY = 1024 * 1024


def key_line() -> str:
    """A key file's content, by the format that `mainstem.privacy` writes."""
    from mainstem.privacy import keys

    return keys.new_key()


@dataclass
class Collector:
    """A running data plane with its ports."""

    plane: _core.DataPlane
    ports: dict[str, int]
    received: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def grpc(self) -> str:
        return f"127.0.0.1:{self.ports['grpc']}"

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.ports['http']}"

    def stats(self) -> dict[str, Any]:
        return dict(json.loads(self.plane.stats()))

    def counts(self, signal: str, transport: str) -> dict[str, int]:
        signals = {entry["signal"]: entry for entry in self.stats()["signals"]}
        return dict(signals[signal][transport])

    def refusals(self) -> dict[tuple[str, str], int]:
        return {
            (entry["transport"], entry["reason"]): entry["requests"]
            for entry in self.stats()["refusals"]
        }

    def seal(self) -> dict[str, list[dict[str, Any]]]:
        """Seal, take all segments out, and give the lines that each signal's blobs hold so far."""
        self.plane.seal()
        while (item := self.plane.next_outbox(0.2)) is not None:
            if item.kind == "segment" and item.blob_name is not None:
                signal = json.loads(item.entry)["signal"]
                lines = item.payload().decode().splitlines()
                self.received.setdefault(signal, []).extend(json.loads(line) for line in lines)
            self.plane.confirm(item.seq)
        return self.received


Start = Callable[..., Collector]


def plan(folder: Path, **changes: Any) -> dict[str, Any]:
    """A plan with all three signals under a policy that masks e-mail addresses."""
    key = folder / "region.key"
    if not key.exists():
        key.touch(mode=0o600)
        key.write_text(key_line())
    signals = {
        signal: {
            "policy": {"coverage": "full", "detectors": ["email"]},
            "class": signal,
            "container": signal,
            "name_format": f"%Y/%m/%d/{signal}_%H_%M_%S.json",
            "timezone": "UTC",
            "compression": "none",
        }
        for signal in ("traces", "logs", "metrics")
    }
    return {
        "region": "test",
        "environment": "test",
        "grpc": "127.0.0.1:0",
        "http": "127.0.0.1:0",
        "max_body_bytes": MAX_BODY,
        "in_flight_bytes": 4 * MAX_BODY,
        "spool": {
            "path": str(folder / "spool"),
            "durability": "disk",
            "segment_bytes": 32 * 1024 * 1024,
            "segment_age_ms": 3_600_000,
            "digest_window_ms": 600_000,
        },
        "key_path": str(key),
        "cors": [],
        "signals": signals,
        **changes,
    }


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a collector with changes to the usual plan; closes all of them in the end."""
    running: list[Collector] = []

    def run(folder: Path = tmp_path, **changes: Any) -> Collector:
        plane = _core.DataPlane(json.dumps(plan(folder, **changes)))
        collector = Collector(plane, plane.start())
        running.append(collector)
        return collector

    yield run
    for collector in running:
        collector.plane.close()


@pytest.fixture
def collector(start: Start) -> Collector:
    return start()


@pytest.fixture
def trace_id() -> bytes:
    return secrets.token_bytes(16)
