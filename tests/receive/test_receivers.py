"""Several receivers: each has addresses and guards of its own, and the pipelines that name it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from exports import logs, spans
from guards import both, senders
from planes import Collector, plan

from mainstem import _core

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from exports import Export

TOKEN = {"authorization": "Bearer long-and-random"}


def two_receivers(folder: Path) -> dict[str, Any]:
    """Logs from both receivers, traces from the guarded one alone; that takes small bodies."""
    made = plan(folder, signals=("traces", "logs"))
    guard = senders(tokens={"long-and-random": {"name": "internal"}})
    made["receivers"]["otlp/internal"] = {
        "grpc": None,
        "http": "127.0.0.1:0",
        "listeners": both(senders=guard),
        "max_body_bytes": 2_000,
    }
    made["pipelines"][0]["receivers"] = ["otlp/internal"]
    made["pipelines"][1]["receivers"] = ["otlp", "otlp/internal"]
    return made


@pytest.fixture
def ways(tmp_path: Path) -> Iterator[tuple[Collector, str]]:
    """Give the collector, and the address of its second receiver."""
    plane = _core.DataPlane(json.dumps(two_receivers(tmp_path)))
    try:
        ports = plane.start()
        assert sorted(ports["otlp"]) == ["grpc", "http"]
        yield Collector(plane, ports["otlp"]), f"http://127.0.0.1:{ports['otlp/internal']['http']}"
    finally:
        plane.close()


def send(url: str, signal: str, message: Export, **headers: str) -> int:
    headers["content-type"] = "application/x-protobuf"
    body = message.SerializeToString()
    return httpx.post(f"{url}/v1/{signal}", content=body, headers=headers).status_code


def test_a_request_goes_to_the_pipelines_that_name_its_receiver(
    ways: tuple[Collector, str],
) -> None:
    collector, internal = ways
    assert send(collector.http, "logs", logs(1)) == 200
    assert send(internal, "logs", logs(2), **TOKEN) == 200
    assert send(internal, "traces", spans(3), **TOKEN) == 200
    assert send(collector.http, "traces", spans(4)) == 404, "no pipeline takes them from there"
    stored = collector.seal()
    assert {signal: len(lines) for signal, lines in stored.items()} == {"logs": 2, "traces": 1}


def test_each_receiver_has_its_own_guard_and_bound(ways: tuple[Collector, str]) -> None:
    collector, internal = ways
    assert send(internal, "logs", logs(1)) == 401
    large = logs(1, body="x" * 3_000)
    assert send(internal, "logs", large, **TOKEN) == 413
    assert send(collector.http, "logs", large) == 200


def test_another_plan_changes_each_and_adds_none(
    ways: tuple[Collector, str], tmp_path: Path
) -> None:
    collector, internal = ways
    changed = two_receivers(tmp_path)
    changed["receivers"]["otlp/internal"]["listeners"] = {}
    collector.plane.reload(json.dumps(changed))
    assert send(internal, "logs", logs(1)) == 200
    changed["receivers"]["otlp/third"] = changed["receivers"]["otlp"]
    with pytest.raises(_core.PlanError, match=r"^receivers: cannot change while"):
        collector.plane.reload(json.dumps(changed))


def test_a_pipeline_names_receivers_that_there_are(tmp_path: Path) -> None:
    wrong = plan(tmp_path)
    wrong["pipelines"][0]["receivers"] = ["otlp/nowhere"]
    with pytest.raises(_core.PlanError, match=r"pipelines\.traces\.receivers: has to name"):
        _core.DataPlane(json.dumps(wrong))
