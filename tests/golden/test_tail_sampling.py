"""`tail_sampling` keeps the traces that the collector keeps, with every span of each."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from mainstem import _core
from mainstem.config.collector.holding import TailSampling
from tests.golden.record_tail_sampling import CASES, record, trace_ids
from tests.receive.planes import Collector, plan, wait_for
from tests.running import post

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOLDEN: dict[str, Any] = json.loads(CASES.read_text())
BY_NAME: dict[str, dict[str, Any]] = GOLDEN["cases"]


@pytest.mark.parametrize("name", BY_NAME)
def test_mainstem_keeps_the_same(name: str, tmp_path: Path) -> None:
    case = BY_NAME[name]
    lines = through_mainstem(case["policies"], tmp_path)
    kept = set().union(*map(trace_ids, lines))
    assert sorted(kept) == case["kept"]
    assert sum(map(span_count, lines)) == sum(
        span["traceId"] in kept for span in spans_of(GOLDEN["input"])
    )


@pytest.mark.prove
def test_the_collector_still_keeps_the_same() -> None:
    again = record(GOLDEN["input"], BY_NAME)
    assert again == {name: case["kept"] for name, case in BY_NAME.items()}


def through_mainstem(policies: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """Give the lines that a data plane stores of the request.

    It takes the request and stops while the traces wait. The next one waits for another time, so
    that what waited is decided at its start.
    """
    request = GOLDEN["input"]
    with _collector(policies, "10m", folder) as collector:
        assert post(f"{collector.http}/v1/traces", json.dumps(request).encode()) == 200
        assert _held(collector) == len(spans_of(request))
    with _collector(policies, "5m", folder) as collector:
        wait_for(lambda: not _held(collector))
        return collector.seal().get("traces", [])


@contextmanager
def _collector(policies: list[dict[str, Any]], wait: str, folder: Path) -> Iterator[Collector]:
    options = TailSampling.model_validate({"decision_wait": wait, "policies": policies})
    made = plan(folder, ("traces",))
    made["pipelines"][0]["hold"] = {"tail_sampling": options.options()}
    plane = _core.DataPlane(json.dumps(made))
    try:
        yield Collector(plane, plane.start()["otlp"])
    finally:
        plane.close()


def spans_of(request: dict[str, Any]) -> list[dict[str, Any]]:
    """Give a request's spans."""
    return [
        span
        for resource in request["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]


def span_count(line: dict[str, Any]) -> int:
    """Count a line's spans."""
    return len(spans_of(line))


def _held(collector: Collector) -> int:
    return sum(one["held_records"] for one in collector.stats()["spool"]["classes"])
