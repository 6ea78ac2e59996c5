"""`interval` gathers as the collector does: the same points, each once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from mainstem import _core
from tests.golden.record_interval import CASES, record
from tests.golden.test_golden import comparable
from tests.receive.planes import Collector, plan, wait_for
from tests.running import post

if TYPE_CHECKING:
    from pathlib import Path

BY_NAME: dict[str, dict[str, Any]] = json.loads(CASES.read_text())


@pytest.mark.parametrize("name", BY_NAME)
def test_mainstem_gathers_the_same(name: str, tmp_path: Path) -> None:
    case = BY_NAME[name]
    assert points(through_mainstem(case, tmp_path)) == points(case["output"])


@pytest.mark.prove
@pytest.mark.parametrize("name", BY_NAME)
def test_the_collector_still_gathers_the_same(name: str) -> None:
    case = BY_NAME[name]
    assert points(record(case)) == points(case["output"])


def through_mainstem(case: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    """Give the lines that data planes store of a case's requests.

    The first takes them all within one interval. The second has another interval, so that what
    waits goes on at its start, however long the requests took.
    """
    passed = case["options"].get("pass_through", {})
    made = plan(folder, ("metrics",))
    lines: list[dict[str, Any]] = []
    for interval_ms, requests in ((600_000, case["input"]), (500_000, [])):
        made["pipelines"][0]["hold"] = {
            "interval": {
                "interval_ms": interval_ms,
                "pass_gauges": passed.get("gauge", False),
                "pass_summaries": passed.get("summary", False),
            }
        }
        plane = _core.DataPlane(json.dumps(made))
        try:
            collector = Collector(plane, plane.start()["otlp"])
            for request in requests:
                assert post(f"{collector.http}/v1/metrics", json.dumps(request).encode()) == 200
            if not requests:
                wait_for(lambda: not _held(collector))  # noqa: B023 (called at once)
            lines += collector.seal().get("metrics", [])
        finally:
            plane.close()
    return lines


def _held(collector: Collector) -> int:
    return sum(one["held_records"] for one in collector.stats()["spool"]["classes"])


def points(requests: list[dict[str, Any]]) -> list[str]:
    """Give each point with all that it belongs to, in an order of its own."""
    found = []
    for request in requests:
        for resource in comparable("metrics", request)["resourceMetrics"]:
            for scope in resource["scopeMetrics"]:
                for metric in scope["metrics"]:
                    (kind,) = metric.keys() - {"name", "unit", "description"}
                    of = {key: value for key, value in metric[kind].items() if key != "dataPoints"}
                    labels = {key: metric.get(key) for key in ("name", "unit", "description")}
                    owner = [resource.get("resource"), scope.get("scope"), labels, kind, of]
                    found += [
                        json.dumps([*owner, point], sort_keys=True)
                        for point in metric[kind]["dataPoints"]
                    ]
    return sorted(found)
