"""Rules by record: what travels and what stays are durable apart, and one request to a sender."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import httpx
from exports import logs
from planes import plan, segment_class

from mainstem.collect.spool import list_spool

if TYPE_CHECKING:
    from pathlib import Path

    from planes import Collector, Start


def routed(folder: Path, **records: Any) -> dict[str, Any]:
    """The logs, of which some stay in their region."""
    planned = plan(folder, signals=("logs",), tenant_keys=["tenant.id"])
    divides = "local" in records or "travels" in records
    planned["pipelines"][0]["routing"] = {
        "local_class": "logs-local" if divides else None,
        "records": records,
    }
    if divides:
        planned["classes"]["logs-local"] = segment_class("logs", "logs-local")
    return planned


def request(*names: str, body: str = "mail to ann@example.com") -> bytes:
    """One record for each event name."""
    made = logs(len(names), body=body)
    for record, name in zip(made.resource_logs[0].scope_logs[0].log_records, names, strict=True):
        record.event_name = name
    return made.SerializeToString()


def send(collector: Collector, body: bytes) -> httpx.Response:
    headers = {"content-type": "application/x-protobuf"}
    return httpx.post(collector.http + "/v1/logs", content=body, headers=headers)


def segments(collector: Collector) -> dict[str, tuple[dict[str, Any], list[str], bytes]]:
    """Each class's entry with the counts of all of its segments, its event names and digests."""
    collector.plane.seal()
    found: dict[str, tuple[dict[str, Any], list[str], bytes]] = {}
    while (item := collector.plane.next_outbox(0.2)) is not None:
        if item.kind == "segment":
            entry = json.loads(item.entry)
            names = [
                record["eventName"]
                for line in item.payload().splitlines()
                for resource in json.loads(line)["resourceLogs"]
                for scope in resource["scopeLogs"]
                for record in scope["logRecords"]
            ]
            assert b"ann@example.com" not in item.payload()
            before, earlier, lines = found.get(entry["class"], ({"counts": {}}, [], b""))
            for outcome, count in before["counts"].items():
                entry["counts"][outcome] += count
            found[entry["class"]] = (entry, earlier + names, lines + (item.lines or b""))
        collector.plane.confirm(item.seq)
    return found


def test_a_record_goes_one_way_and_the_books_balance_in_each_class(
    start: Start, tmp_path: Path
) -> None:
    collector = start(**routed(tmp_path, local=[{"name": ["session.*"]}]))
    assert send(collector, request("feature.used", "session.start", "session.end")).is_success
    assert collector.counts("logs", "http")["accepted"] == 3
    found = segments(collector)
    travels, names, digest = found["logs"]
    local, local_names, local_digest = found["logs-local"]
    assert (names, local_names) == (["feature.used"], ["session.start", "session.end"])
    assert (travels["counts"]["received"], travels["counts"]["stored"]) == (1, 1)
    assert (local["counts"]["received"], local["counts"]["stored"]) == (2, 2)
    assert travels["redactions"] == {"email": 3}, "a request's, with what travels"
    assert travels["policy"] == local["policy"]
    assert len(digest) == len(local_digest) == 24
    assert digest[:16] != local_digest[:16], "what is in one is no repeat of the other"


def test_a_request_that_stays_whole_leaves_nothing_where_records_travel(
    start: Start, tmp_path: Path
) -> None:
    collector = start(**routed(tmp_path, travels=[{"name": ["feature.used"]}]))
    assert send(collector, request("session.start")).is_success
    found = segments(collector)
    assert list(found) == ["logs-local"]
    assert found["logs-local"][0]["redactions"] == {"email": 1}


def test_rejected_records_are_in_the_books_of_what_travels(start: Start, tmp_path: Path) -> None:
    collector = start(**routed(tmp_path, local=[{"name": ["session.start"]}]))
    made = logs(2)
    record, bad = made.resource_logs[0].scope_logs[0].log_records
    record.event_name = "session.start"
    bad.trace_id = b"short"
    answer = send(collector, made.SerializeToString())
    assert answer.is_success
    found = segments(collector)
    assert found["logs"][0]["counts"]["received"] == found["logs"][0]["counts"]["rejected"] == 1
    assert found["logs"][0]["blob"] is None
    assert found["logs-local"][0]["counts"]["stored"] == 1


def test_what_travels_loses_the_regional_keys(start: Start, tmp_path: Path) -> None:
    collector = start(**routed(tmp_path, regional_keys=["host.*"]))
    made = logs()
    attribute = made.resource_logs[0].resource.attributes.add(key="host.name")
    attribute.value.string_value = "frankfurt-7"
    assert send(collector, made.SerializeToString()).is_success
    collector.plane.seal()
    item = collector.plane.next_outbox(0.2)
    while item is not None and item.kind != "segment":
        collector.plane.confirm(item.seq)
        item = collector.plane.next_outbox(0.2)
    assert item is not None
    assert b"frankfurt" not in item.payload()
    assert json.loads(item.entry)["redactions"] == {"regional_keys[0]": 1}


def test_a_retry_stores_nothing_twice(start: Start, tmp_path: Path) -> None:
    collector = start(**routed(tmp_path, local=[{"name": ["session.start"]}]))
    body = request("feature.used", "session.start")
    assert [send(collector, body).status_code for _ in range(2)] == [200, 200]
    counts = collector.counts("logs", "http")
    assert (counts["accepted"], counts["duplicate"]) == (2, 2)
    for entry, names, _ in segments(collector).values():
        assert len(names) == 1
        assert entry["counts"]["received"] == 2
        assert entry["counts"]["duplicate"] == 1


def test_a_retry_after_a_crash_between_the_two_commits_stores_nothing_twice(
    start: Start, tmp_path: Path
) -> None:
    """The crash is what lies on the disk at that time: one class's segment, and not the other's."""
    rules = {"local": [{"name": ["session.start"]}]}
    before = start(**routed(tmp_path, **rules))
    body = request("feature.used", "session.start")
    assert send(before, body).is_success
    for lost, kept in (("logs-local", "logs"), ("logs", "logs-local")):
        folder = tmp_path / f"without-{lost}"
        shutil.copytree(tmp_path / "spool", folder / "spool")
        (segment,) = [
            held.segment for held in list_spool(folder / "spool") if held.signal_class == lost
        ]
        (folder / "spool" / "open" / f"{segment}.seg").unlink()
        after = start(**routed(tmp_path, **rules) | {"spool": spool_of(folder)})
        assert send(after, body).is_success
        found = segments(after)
        assert (found["logs"][1], found["logs-local"][1]) == (["feature.used"], ["session.start"])
        assert found[kept][0]["counts"]["duplicate"] == found[lost][0]["counts"]["duplicate"] + 1


def spool_of(folder: Path) -> dict[str, Any]:
    """The plan of a spool in a folder."""
    spool: dict[str, Any] = plan(folder)["spool"]
    return spool
