"""Several pipelines of one signal: each stores its own, and the sender hears of one request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
from exports import logs
from planes import plan, segment_class

if TYPE_CHECKING:
    from pathlib import Path

    from planes import Collector, Start

BODY = logs(body="mail to ann@example.com, in blue").SerializeToString()


def two_pipelines(folder: Path) -> dict[str, Any]:
    """The logs twice: one pipeline masks addresses, the other a colour."""
    planned = plan(folder, signals=("logs",))
    blue = {"name": "blue", "allow_all_keys": True, "blocked_values": ["blue"]}
    planned["pipelines"].append(
        {
            "name": "logs/second",
            "signal": "logs",
            "receivers": ["otlp"],
            "steps": [{"redaction": {"processors": [blue]}}],
            "class": "logs-second",
        }
    )
    planned["classes"]["logs-second"] = segment_class("logs", "second")
    return planned


def send(collector: Collector) -> httpx.Response:
    headers = {"content-type": "application/x-protobuf"}
    return httpx.post(collector.http + "/v1/logs", content=BODY, headers=headers)


def test_a_request_goes_to_every_pipeline_of_its_signal(start: Start, tmp_path: Path) -> None:
    collector = start(**two_pipelines(tmp_path))
    assert send(collector).status_code == 200
    assert collector.counts("logs", "http")["accepted"] == 1, "received once"
    collector.plane.seal()
    bodies, policies = {}, set()
    while (item := collector.plane.next_outbox(0.2)) is not None:
        if item.kind == "segment":
            entry = json.loads(item.entry)
            line = json.loads(item.payload())
            record = line["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]
            text, _, _number = record["body"]["stringValue"].rpartition(" ")
            bodies[entry["class"], item.container] = text
            policies.add(entry["policy"])
            assert entry["counts"]["received"] == entry["counts"]["stored"] == 1
        collector.plane.confirm(item.seq)
    assert bodies == {
        ("logs", "logs"): "mail to ****, in blue",
        ("logs-second", "second"): "mail to ann@example.com, in ****",
    }
    assert len(policies) == 2
    rules = {rule["rule"]: rule["count"] for rule in collector.stats()["signals"][1]["redactions"]}
    assert (rules["email"], rules["blue.blocked_values[0]"]) == (1, 1)


def test_a_retry_is_a_duplicate_in_every_pipeline(start: Start, tmp_path: Path) -> None:
    collector = start(**two_pipelines(tmp_path))
    assert [send(collector).status_code for _ in range(2)] == [200, 200]
    counts = collector.counts("logs", "http")
    assert (counts["accepted"], counts["duplicate"]) == (1, 1)
