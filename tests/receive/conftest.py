"""A data plane of one's own for each test, on free ports."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from planes import Collector, Start, plan

from mainstem import _core

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a collector with changes to the usual plan; closes all of them in the end."""
    running: list[Collector] = []

    def run(folder: Path = tmp_path, **changes: Any) -> Collector:
        plane = _core.DataPlane(json.dumps(plan(folder, **changes)))
        collector = Collector(plane, plane.start()["otlp"])
        running.append(collector)
        return collector

    yield run
    for collector in running:
        collector.plane.close()


@pytest.fixture
def collector(start: Start) -> Collector:
    return start()
