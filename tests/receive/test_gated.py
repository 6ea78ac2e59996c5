"""Records that a pipeline holds back: whole traces by decision, and over a restart."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from grpc_client import export
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from planes import Collector, plan, segment_class, wait_for
from running import post

from mainstem import _core

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ERRORS = {"name": "errors", "rule": {"status_code": {"status_codes": [2]}}}
EMAIL = "ann@example.com"


def sampling(wait_ms: int, **changes: Any) -> dict[str, Any]:
    """Keep traces with an error, some time after their first span."""
    return {
        "tail_sampling": {
            "decision_wait_ms": wait_ms,
            "num_traces": 1000,
            "sampled_cache_size": 0,
            "non_sampled_cache_size": 0,
            "sample_on_first_match": False,
            "policies": [ERRORS],
            **changes,
        }
    }


def spans(*ids: tuple[int, int, int]) -> bytes:
    """A request of spans, each by trace, number and status."""
    made = [
        {
            "traceId": f"{trace:032x}",
            "spanId": f"{span:016x}",
            "name": f"for {EMAIL}",
            "status": {"code": status},
        }
        for trace, span, status in ids
    ]
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": made}]}]}).encode()


def on_the_wire(*ids: tuple[int, int, int]) -> bytes:
    """The same as protobuf."""
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for trace, number, status in ids:
        span = scope.spans.add(trace_id=trace.to_bytes(16), span_id=number.to_bytes(8))
        span.status.code = status  # type: ignore[assignment]
    return request.SerializeToString()


def stored(collector: Collector) -> list[list[tuple[int, int]]]:
    """Give each line's spans, by trace and number."""
    return [
        [
            (int(span["traceId"], 16), int(span["spanId"], 16))
            for resource in line["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]
        for line in collector.seal().get("traces", [])
    ]


def books(collector: Collector) -> dict[str, int]:
    """Sum the counts of all entries, each of which balances."""
    total: dict[str, int] = {}
    for entry in collector.entries:
        counts = entry.get("counts", {})
        assert counts.get("received", 0) + counts.get("held_before", 0) == sum(
            count for name, count in counts.items() if name not in ("received", "held_before")
        )
        for name, count in counts.items():
            total[name] = total.get(name, 0) + count
    return {name: count for name, count in total.items() if count}


class Planes:
    """Data planes on one spool, one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.planes: list[_core.DataPlane] = []

    def start(self, signal: str = "traces", **pipeline: Any) -> Collector:
        made = plan(self.folder, (signal,))
        made["pipelines"][0] |= pipeline
        plane = _core.DataPlane(json.dumps(made))
        self.planes.append(plane)
        return Collector(plane, plane.start()["otlp"])


@pytest.fixture
def planes(tmp_path: Path) -> Iterator[Planes]:
    """Give the means to start data planes, which are closed at the end."""
    found = Planes(tmp_path / "plane")
    yield found
    for plane in found.planes:
        plane.close()


def held(collector: Collector) -> int:
    """Records that wait."""
    return sum(one["held_records"] for one in collector.stats()["spool"]["classes"])


def test_traces_are_kept_whole_or_not_over_both_transports(planes: Planes) -> None:
    collector = planes.start(hold=sampling(1500))
    url = f"{collector.http}/v1/traces"
    first = spans((1, 1, 0), (2, 1, 0), (1, 2, 0))
    assert post(url, first) == 200
    assert post(url, first) == 200, "a retry"
    export(collector.grpc, on_the_wire((1, 3, 2), (2, 2, 0)))
    assert stored(collector) == []
    wait_for(lambda: collector.stats()["samplers"]["traces"]["waiting"] == 0)
    assert stored(collector) == [[(1, 1), (1, 2), (1, 3)]]
    assert post(url, spans((1, 4, 0), (2, 3, 2))) == 200, "late spans"
    assert stored(collector)[1:] == [[(1, 4)]]
    assert books(collector) == {
        "received": 10,
        "duplicate": 3,
        "held_after": 5,
        "held_before": 5,
        "sampled": 3,
        "stored": 4,
    }
    report = collector.stats()["samplers"]["traces"]
    assert (report["sampled"], report["not_sampled"], report["new_traces"]) == (1, 1, 2)
    assert report["policies"] == [
        {"policy": "errors", "sampled": 1, "not_sampled": 1, "dropped": 0}
    ]


def test_what_waits_is_redacted_and_waits_on_after_a_restart(planes: Planes) -> None:
    collector = planes.start(hold=sampling(600_000))
    url = f"{collector.http}/v1/traces"
    body = spans((1, 1, 2), (2, 1, 0))
    assert post(url, body) == 200
    assert stored(collector) == []
    assert held(collector) == 2
    collector.plane.close()
    files = list((planes.folder / "spool").rglob("*.seg"))
    assert files
    assert not any(EMAIL.encode() in file.read_bytes() for file in files)

    again = planes.start(hold=sampling(600_000))
    assert held(again) == 2
    assert post(f"{again.http}/v1/traces", body) == 200, "a retry after the restart"
    assert post(f"{again.http}/v1/traces", spans((1, 2, 0))) == 200
    again.plane.close()

    # The hold's options are part of the policy: what waits under others is decided at the start.
    other = planes.start(hold=sampling(500_000))
    wait_for(lambda: held(other) == 0)
    assert stored(other) == [[(1, 1), (1, 2)]]
    line = json.dumps(other.received)
    assert EMAIL not in line
    assert "for ****" in line
    policies = {e["policy"] for e in other.entries if e.get("counts", {}).get("held_before")}
    assert all("+" in policy for policy in policies)
    collector.entries += other.entries
    counts = books(collector)
    assert (counts["stored"], counts["sampled"], counts["duplicate"]) == (2, 1, 2)
    assert not list((planes.folder / "spool" / "held").iterdir()), "nothing is kept for it"


def test_without_the_hold_all_that_waited_goes_on(planes: Planes) -> None:
    collector = planes.start(hold=sampling(600_000))
    assert post(f"{collector.http}/v1/traces", spans((1, 1, 0), (2, 1, 0))) == 200
    collector.plane.close()
    without = planes.start()
    wait_for(lambda: held(without) == 0)
    assert sorted(stored(without)) == [[(1, 1)], [(2, 1)]]
    without.entries = [e for e in without.entries if e["kind"] == "segment"]
    assert books(without)["held_before"] == 2


def test_steps_behind_the_hold_see_what_waited_and_what_did_not(planes: Planes) -> None:
    after = [{"attributes": {"actions": [{"key": "kept", "action": "insert", "value": True}]}}]
    collector = planes.start(hold=sampling(100), after=after)
    url = f"{collector.http}/v1/traces"
    assert post(url, spans((1, 1, 2))) == 200
    wait_for(lambda: held(collector) == 0)
    assert post(url, spans((1, 2, 0))) == 200
    lines = collector.seal()["traces"]
    for line in lines:
        (span,) = line["resourceSpans"][0]["scopeSpans"][0]["spans"]
        assert span["attributes"] == [{"key": "kept", "value": {"boolValue": True}}]
    assert len(lines) == 2


def metric(value: int, time: int) -> bytes:
    """A request of a cumulative sum and a gauge."""
    point = {"asInt": str(value), "timeUnixNano": str(time)}
    metrics = [
        {
            "name": "requests",
            "sum": {"aggregationTemporality": 2, "isMonotonic": True, "dataPoints": [point]},
        },
        {"name": "depth", "gauge": {"dataPoints": [point]}},
    ]
    return json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": metrics}]}]}).encode()


def test_an_interval_s_points_go_on_as_one_a_series(planes: Planes) -> None:
    spec = {"interval_ms": 600_000, "pass_gauges": True, "pass_summaries": False}
    collector = planes.start("metrics", hold={"interval": spec})
    url = f"{collector.http}/v1/metrics"
    assert post(url, metric(5, 100)) == 200
    assert post(url, metric(9, 300)) == 200
    collector.plane.close()
    again = planes.start("metrics", hold={"interval": {**spec, "interval_ms": 1000}})
    assert post(f"{again.http}/v1/metrics", metric(7, 200)) == 200
    wait_for(lambda: held(again) == 0)
    lines = again.seal()["metrics"]
    names = [
        (found["name"], [point["asInt"] for point in points["dataPoints"]])
        for line in lines
        for resource in line["resourceMetrics"]
        for scope in resource["scopeMetrics"]
        for found in scope["metrics"]
        for points in [found.get("sum") or found["gauge"]]
    ]
    # What waited under another interval went on at the start, the rest after its own.
    assert sorted(names) == [
        ("depth", ["5"]),
        ("depth", ["7"]),
        ("depth", ["9"]),
        ("requests", ["7"]),
        ("requests", ["9"]),
    ]
    counts = books(again)
    assert (counts["aggregated"], counts["stored"], counts["received"]) == (1, 5, 6)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"steps": []}, "a redaction step comes before"),
        ({"hold": None, "after": [{"redaction": {}}]}, "without a hold"),
    ],
)
def test_a_hold_that_cannot_be_is_refused(
    planes: Planes, changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(_core.PlanError, match=reason):
        planes.start(**{"hold": sampling(1000), **changes})


def test_a_hold_for_another_signal_or_with_durability_store_is_refused(tmp_path: Path) -> None:
    made = plan(tmp_path / "plane", ("logs",))
    made["pipelines"][0]["hold"] = sampling(1000)
    with pytest.raises(_core.PlanError, match="for traces alone"):
        _core.DataPlane(json.dumps(made))
    made = plan(tmp_path / "plane", ("traces",))
    made["pipelines"][0]["hold"] = sampling(1000)
    made["spool"]["durability"] = "store"
    with pytest.raises(_core.PlanError, match="durability store"):
        _core.DataPlane(json.dumps(made))


def named(name: str, *ids: tuple[int, int, int]) -> bytes:
    """The same as `spans`, under another name."""
    return spans(*ids).replace(f"for {EMAIL}".encode(), name.encode())


def test_spans_that_stay_and_spans_that_travel_are_judged_as_one_trace(planes: Planes) -> None:
    made = plan(planes.folder, ("traces",))
    made["pipelines"][0] |= {
        "hold": sampling(300),
        "routing": {"local_class": "traces-local", "records": {"local": [{"name": ["stays"]}]}},
    }
    made["classes"]["traces-local"] = segment_class("traces", "traces-local")
    plane = _core.DataPlane(json.dumps(made))
    planes.planes.append(plane)
    collector = Collector(plane, plane.start()["otlp"])
    url = f"{collector.http}/v1/traces"
    # The error is in a span that stays, or in one that travels, or nowhere.
    for trace, stays, travels in ((1, 2, 0), (2, 0, 2), (3, 0, 0)):
        assert post(url, named("stays", (trace, 1, stays))) == 200
        assert post(url, named("travels", (trace, 2, travels))) == 200
    wait_for(lambda: held(collector) == 0)
    collector.plane.seal()
    found: dict[str, list[int]] = {}
    while (item := collector.plane.next_outbox(0.2)) is not None:
        entry = json.loads(item.entry)
        if item.kind == "segment" and item.blob_name is not None:
            for line in item.payload().splitlines():
                [resource] = json.loads(line)["resourceSpans"]
                [span] = resource["scopeSpans"][0]["spans"]
                told = (span["name"], int(span["traceId"], 16))
                found.setdefault(entry["class"], []).append(told[1])
                assert told[0] == ("stays" if entry["class"] == "traces-local" else "travels")
        collector.entries.append(entry)
        collector.plane.confirm(item.seq)
    assert {kind: sorted(traces) for kind, traces in found.items()} == {
        "traces": [1, 2],
        "traces-local": [1, 2],
    }
    counts = books(collector)
    assert (counts["received"], counts["stored"], counts["sampled"]) == (6, 4, 2)
    assert collector.stats()["samplers"]["traces"]["new_traces"] == 3


def test_requests_are_told_to_come_back_while_too_much_waits(planes: Planes) -> None:
    collector = planes.start(hold=sampling(600_000, num_traces=2, refuse_more=True))
    url = f"{collector.http}/v1/traces"
    assert post(url, spans((1, 1, 0), (2, 1, 0))) == 200
    assert post(url, spans((3, 1, 0))) == 429
    assert held(collector) == 2


def test_a_reload_that_changes_nothing_leaves_decisions_and_what_waits(planes: Planes) -> None:
    collector = planes.start(hold=sampling(1_000))
    url = f"{collector.http}/v1/traces"
    assert post(url, spans((1, 1, 2))) == 200
    made = plan(planes.folder, ("traces",))
    made["pipelines"][0]["hold"] = sampling(1_000)
    collector.plane.reload(json.dumps(made))
    assert held(collector) == 1
    wait_for(lambda: held(collector) == 0)
    assert stored(collector) == [[(1, 1)]]
    # The new listeners know what the old ones' traces became.
    assert post(url, spans((1, 2, 0))) == 200
    assert stored(collector)[1:] == [[(1, 2)]]
