"""Processors in a running collector: what they leave out is in the books, failures are told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
from exports import logs
from planes import plan

if TYPE_CHECKING:
    from pathlib import Path

    from planes import Collector, Start

KEEP_ERRORS = {"log_conditions": ["log.severity_number < SEVERITY_NUMBER_ERROR"]}


def with_steps(folder: Path, *steps: dict[str, Any]) -> dict[str, Any]:
    """The usual plan for logs with steps before the redaction."""
    planned = plan(folder, signals=("logs",))
    pipeline = planned["pipelines"][0]
    pipeline["steps"] = [*steps, *pipeline["steps"]]
    return planned


def send(collector: Collector, count: int, *, errors: int = 0) -> httpx.Response:
    request = logs(count)
    records = request.resource_logs[0].scope_logs[0].log_records
    for index, record in enumerate(records):
        record.trace_id = bytes([7] * 15 + [index])
        record.severity_number = 17 if index < errors else 9
    headers = {"content-type": "application/x-protobuf"}
    body = request.SerializeToString()
    return httpx.post(collector.http + "/v1/logs", content=body, headers=headers)


def books(collector: Collector) -> dict[str, int]:
    """The counts of the segments that are sealed now, where they are not 0."""
    collector.plane.seal()
    counts: dict[str, int] = {}
    while (item := collector.plane.next_outbox(0.2)) is not None:
        if item.kind == "segment":
            for outcome, count in json.loads(item.entry)["counts"].items():
                counts[outcome] = counts.get(outcome, 0) + count
        collector.plane.confirm(item.seq)
    return {outcome: count for outcome, count in counts.items() if count}


def test_what_is_left_out_is_in_the_books(start: Start, tmp_path: Path) -> None:
    sampler = {"sampling_percentage": 50, "mode": "proportional"}
    steps = ({"filter": KEEP_ERRORS}, {"probabilistic_sampler": sampler})
    collector = start(**with_steps(tmp_path, *steps))
    assert send(collector, 100, errors=60).content == b"", "nothing is rejected"
    counts = books(collector)
    # The ids end alike but for their last byte, so that the sampler keeps none or all of them.
    assert counts == {"received": 100, "dropped": 40, "sampled": 60}
    [report] = [one for one in collector.stats()["signals"] if one["signal"] == "logs"]
    assert (report["http"]["accepted"], report["dropped"], report["sampled"]) == (100, 40, 60)


def test_a_request_of_which_nothing_is_left_is_known_when_it_comes_again(
    start: Start, tmp_path: Path
) -> None:
    collector = start(**with_steps(tmp_path, {"filter": KEEP_ERRORS}))
    headers = {"content-type": "application/x-protobuf"}
    body = logs(3).SerializeToString()
    for _ in range(2):
        httpx.post(collector.http + "/v1/logs", content=body, headers=headers).raise_for_status()
    assert books(collector) == {"received": 6, "dropped": 3, "duplicate": 3}


def test_a_statement_that_is_to_tell_rejects_the_request(start: Start, tmp_path: Path) -> None:
    statements = ['set(log.attributes["n"], Int(log.body))']
    options = {"error_mode": "propagate", "log_statements": statements}
    collector = start(**with_steps(tmp_path, {"transform": options}))
    reply = send(collector, 2)
    assert reply.status_code == 200
    assert b"records of a request on which a processor's statement failed" in reply.content
    assert books(collector) == {"received": 2, "rejected": 2}
    assert collector.counts("logs", "http")["rejected"] == 2
