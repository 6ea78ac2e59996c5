"""Data planes for tests: a plan, a running one, and what comes out of it."""

from __future__ import annotations

import hmac
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from mainstem import _core

MAX_BODY = 1024 * 1024


def key_line() -> str:
    """A new region's key in the form of its file: format, id derived from the key, key."""
    secret = secrets.token_bytes(32)
    key_id = hmac.digest(secret, b"mainstem/1 key id", "sha256").hex()[:8]
    return f"mainstem.key/1 {key_id} {secret.hex()}\n"


@dataclass
class Collector:
    """A running data plane with its ports."""

    plane: _core.DataPlane
    ports: dict[str, int]
    received: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    entries: list[dict[str, Any]] = field(default_factory=list)

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
        return self.take()

    def take(self) -> dict[str, list[dict[str, Any]]]:
        """Take out what is sealed, as an upload would."""
        while (item := self.plane.next_outbox(0.2)) is not None:
            self.entries.append(json.loads(item.entry))
            if item.kind == "segment" and item.blob_name is not None:
                signal = json.loads(item.entry)["signal"]
                lines = item.payload().decode().splitlines()
                self.received.setdefault(signal, []).extend(json.loads(line) for line in lines)
            self.plane.confirm(item.seq)
        return self.received


Start = Callable[..., Collector]


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something is so; a busy machine may need a while."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.02)


def segment_class(signal: str, container: str | None = None) -> dict[str, Any]:
    """A class of a signal, as a plan has it."""
    return {
        "signal": signal,
        "container": container or signal,
        "name_format": f"%Y/%m/%d/{signal}_%H_%M_%S.json",
        "timezone": "UTC",
        "compression": "none",
    }


def plan(
    folder: Path, signals: tuple[str, ...] = ("traces", "logs", "metrics"), **changes: Any
) -> dict[str, Any]:
    """A plan with a pipeline for each signal, under a policy that masks e-mail addresses.

    Changes of what a receiver has are those of the only one there is, `otlp`.
    """
    folder.mkdir(exist_ok=True)
    key = folder / "region.key"
    if not key.exists():
        key.touch(mode=0o600)
        key.write_text(key_line())
    pipelines = [
        {
            "name": signal,
            "signal": signal,
            "receivers": ["otlp"],
            "steps": [{"redaction": {"coverage": "full", "detectors": ["email"]}}],
            "class": signal,
        }
        for signal in signals
    ]
    classes = {signal: segment_class(signal) for signal in signals}
    receiver = {
        "grpc": "127.0.0.1:0",
        "http": "127.0.0.1:0",
        "listeners": {},
        "max_body_bytes": MAX_BODY,
        "cors": [],
    }
    receiver |= {key: changes.pop(key) for key in set(receiver) & set(changes)}
    return {
        "region": "test",
        "environment": "test",
        "receivers": {"otlp": receiver},
        "in_flight_bytes": 4 * MAX_BODY,
        "spool": {
            "path": str(folder / "spool"),
            "durability": "disk",
            "segment_bytes": 32 * 1024 * 1024,
            "segment_age_ms": 3_600_000,
            "digest_window_ms": 600_000,
        },
        "key_path": str(key),
        "pipelines": pipelines,
        "classes": classes,
        **changes,
    }
