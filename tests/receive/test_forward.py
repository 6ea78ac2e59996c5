"""Segments sent on to another data plane: every line arrives, whatever happens in between."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import exports
import pytest
from grpc_client import export
from planes import Collector, Start, segment_class, wait_for

if TYPE_CHECKING:
    from pathlib import Path

SIGNALS = ("traces", "logs", "metrics")
RETRY = {
    "initial_ms": 20,
    "max_ms": 50,
    "multiplier": 1.5,
    "randomization": 0.5,
    "give_up_after_ms": None,
}


def exporter(target: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "target": target,
        "compression": "gzip",
        "timeout_ms": 5_000,
        "retry": RETRY,
        "in_flight": 4,
        **changes,
    }


def grpc_target(port: int) -> dict[str, Any]:
    return {"grpc": {"url": f"http://127.0.0.1:{port}"}}


def http_target(port: int, encoding: str) -> dict[str, Any]:
    urls = {signal: f"http://127.0.0.1:{port}/v1/{signal}" for signal in SIGNALS}
    return {"http": {"urls": urls, "encoding": encoding}}


def sending(exporter: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Changes to a plan that make every class owed to one exporter."""
    classes = {
        signal: segment_class(signal) | {"exporters": ["otlp"]} | changes for signal in SIGNALS
    }
    return {"region": "euc", "exporters": {"otlp": exporter}, "classes": classes}


def forwarded(collector: Collector) -> list[dict[str, Any]]:
    """What the ledger says that became of each segment."""
    collector.take()
    return [entry["forwarded"] for entry in collector.entries if entry["kind"] == "forwarded"]


def in_order(lines: list[dict[str, Any]]) -> list[str]:
    """Lines, whichever order they came in."""
    return sorted(map(json.dumps, lines))


def settled(collector: Collector) -> dict[str, Any]:
    """Wait until nothing is owed; gives the exporter's report."""
    wait_for(lambda: not collector.stats()["spool"]["owed"])
    [report] = collector.stats()["exporters"]
    return dict(report)


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
@pytest.mark.parametrize("protocol", ["grpc", "protobuf", "json"])
def test_every_line_arrives_as_it_was_stored(
    start: Start, tmp_path: Path, protocol: str, compression: str
) -> None:
    centre = start(tmp_path / "centre")
    target = (
        grpc_target(centre.ports["grpc"])
        if protocol == "grpc"
        else http_target(centre.ports["http"], protocol)
    )
    plan = sending(exporter(target, compression=compression))
    region = start(tmp_path / "region", **plan)
    for signal in SIGNALS:
        for _ in range(10):
            export(
                region.grpc,
                exports.MAKERS[signal](3).SerializeToString(),
                signal=signal,
            )
    sent = region.seal()
    report = settled(region)
    for signal in SIGNALS:
        assert report[signal] == {
            "sent": 30,
            "send_failed": 0,
            "rejected": 0,
            "refused": 0,
            "abandoned": 0,
        }
    arrived = centre.seal()
    for signal in SIGNALS:
        assert in_order(arrived[signal]) == in_order(sent[signal])
    assert not list((tmp_path / "region" / "spool" / "outbox").glob("*.se*"))
    assert sorted(one["signal"] for one in forwarded(region)) == sorted(SIGNALS)
    assert all((one["sent"], one["lines"]) == (30, 10) for one in forwarded(region))


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_a_receiver_that_is_away_gets_it_all_later(start: Start, tmp_path: Path) -> None:
    port = free_port()
    plan = sending(exporter(grpc_target(port)))
    region = start(tmp_path / "region", **plan)
    for _ in range(20):
        export(region.grpc, exports.logs(2).SerializeToString(), signal="logs")
    sent = region.seal()["logs"]
    wait_for(lambda: region.stats()["exporters"][0]["tries_failed"] > 5)
    assert region.stats()["exporters"][0]["fault"] == "no connection"
    assert region.stats()["spool"]["owed"][0]["segments"] == 1
    # A restart forgets nothing of it.
    region.plane.close()
    again = start(tmp_path / "region", **plan)
    centre = start(tmp_path / "centre", grpc=f"127.0.0.1:{port}")
    report = settled(again)
    assert report["logs"]["sent"] == 40
    assert report["fault"] is None
    assert in_order(centre.seal()["logs"]) == in_order(sent)
    assert len(forwarded(again)) == 1


def test_what_is_refused_for_good_is_counted_and_kept(start: Start, tmp_path: Path) -> None:
    small = {"max_body_bytes": 2_000, "in_flight_bytes": 1_000_000}
    centre = start(tmp_path / "centre", **small)
    target = http_target(centre.ports["http"], "protobuf")
    plan = sending(exporter(target, compression="none"), container=None)
    region = start(tmp_path / "region", **plan)
    for body in ("small", "large " * 200, "small"):
        export(region.grpc, exports.logs(2, body=body).SerializeToString(), signal="logs")
    region.seal()
    [segment] = [entry for entry in region.entries if entry["kind"] == "segment"]
    assert segment["blob"] is None
    assert segment["forward"]["lines"] == 3
    report = settled(region)
    assert (report["logs"]["sent"], report["logs"]["refused"]) == (4, 2)
    [untaken] = report["untaken"]
    assert untaken == {
        "number": 1,
        "segment": segment["segment"],
        "line": 1,
        "records": 2,
        "reason": "HTTP 413",
    }
    [told] = forwarded(region)
    assert (told["sent"], told["refused"], told["lines"]) == (4, 2, 3)
    outbox = tmp_path / "region" / "spool" / "outbox"
    assert [path.name for path in outbox.glob("*.refused")] == [f"{segment['segment']}.refused"]


def test_what_the_settings_are_wrong_about_waits(start: Start, tmp_path: Path) -> None:
    """A receiver without a pipeline for the signal: the data is not at fault."""
    port = free_port()
    only_logs = {
        "pipelines": [
            {
                "name": "logs",
                "signal": "logs",
                "receivers": ["otlp"],
                "steps": [],
                "class": "logs",
            }
        ],
        "classes": {"logs": segment_class("logs")},
    }
    centre = start(tmp_path / "centre", grpc=f"127.0.0.1:{port}", **only_logs)
    region = start(tmp_path / "region", **sending(exporter(grpc_target(port))))
    export(region.grpc, exports.spans(2).SerializeToString(), signal="traces")
    region.seal()
    wait_for(lambda: region.stats()["exporters"][0]["tries_failed"] > 2)
    assert region.stats()["exporters"][0]["fault"] == "gRPC UNIMPLEMENTED"
    centre.plane.close()
    start(tmp_path / "centre2", grpc=f"127.0.0.1:{port}")
    assert settled(region)["traces"]["sent"] == 2


def test_who_says_when_gives_up_then(start: Start, tmp_path: Path) -> None:
    giving_up = exporter(grpc_target(free_port()), retry=RETRY | {"give_up_after_ms": 0})
    region = start(tmp_path, **sending(giving_up))
    export(region.grpc, exports.spans(2).SerializeToString(), signal="traces")
    region.seal()
    report = settled(region)
    assert report["traces"]["abandoned"] == 2
    assert report["untaken"][0]["reason"] == "given up: no connection"


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"classes": {"logs": segment_class("logs") | {"exporters": ["otlp"]}}}, "classes.logs"),
        (sending(exporter({"grpc": {"url": "ftp://nowhere"}})), "exporters.otlp.endpoint"),
        (
            sending(
                exporter({"grpc": {"url": "https://there"}}, tls={"ca_file": "/nowhere/secret.pem"})
            ),
            "exporters.otlp.tls.ca_file",
        ),
        (sending(exporter(grpc_target(1), headers={"a b": "secret"})), "exporters.otlp.headers"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused(
    start: Start, changes: dict[str, Any], place: str
) -> None:
    with pytest.raises(ValueError, match=place) as refused:
        start(**changes)
    assert "secret" not in str(refused.value)
