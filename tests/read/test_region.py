"""Reading in place: what is asked for is found, whatever wrote it, and the read is written down."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import Collector, Request, line, record

from mainstem.config.platform import Platform, load_platform
from mainstem.read.filters import Filter
from mainstem.read.otlp import as_request
from mainstem.read.places import Position, places
from mainstem.read.region import RegionReader
from mainstem.records import Signal
from mainstem.store import READS

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PLATFORM = """
environment: play
regions:
  euc: {store: "file:./store"}
central: {store: "file:./central"}
"""


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    path = tmp_path / "mainstem.yaml"
    path.write_text(PLATFORM)
    return load_platform(path)


@pytest.fixture
def reader(platform: Platform) -> RegionReader:
    return RegionReader(platform, "euc")


@pytest.fixture
def collector(reader: RegionReader) -> Collector:
    return Collector(reader.account, "euc", now=NOW)


def asked(signal: Signal, **wanted: Any) -> Filter:
    everything = Filter(signal, NOW - timedelta(days=1), NOW + timedelta(days=1))
    return replace(everything, **wanted)


def found(reader: RegionReader, wanted: Filter, limit: int = 1000) -> list[dict[str, Any]]:
    return list(reader.find(wanted, limit).scan.records.to_pylist())


def test_each_condition_finds_what_fits_it(reader: RegionReader, collector: Collector) -> None:
    acme = Request.of(Signal.LOGS, NOW, 4, first=0, tenant="acme")
    globex = Request.of(Signal.LOGS, NOW + timedelta(minutes=30), 3, first=4, tenant="globex")
    collector.segment(Signal.LOGS, [acme, globex])
    bodies = [row["body"] for row in found(reader, asked(Signal.LOGS))]
    assert bodies == [f"log {n}" for n in (6, 5, 4, 3, 2, 1, 0)], "the latest first"
    for wanted, numbers in (
        ({"tenant": "globex"}, [6, 5, 4]),
        ({"text": "LOG 2"}, [2]),
        ({"event": "feature.used", "text": "log 1"}, [1]),
        ({"event": "feature.unused"}, []),
        ({"service": "contoso", "tenant": "acme"}, [3, 2, 1, 0]),
        ({"service": "contos"}, []),
        ({"severity": 13}, []),
        ({"until": NOW + timedelta(seconds=2)}, [1, 0]),
        ({"since": NOW + timedelta(minutes=30, seconds=2)}, [6]),
    ):
        rows = found(reader, asked(Signal.LOGS, **wanted))
        assert [row["body"] for row in rows] == [f"log {n}" for n in numbers], wanted


def test_spans_are_found_by_trace_duration_and_status(
    reader: RegionReader, collector: Collector
) -> None:
    collector.segment(Signal.TRACES, [Request.of(Signal.TRACES, NOW, 5)])
    trace = f"{3:032x}"
    assert [row["name"] for row in found(reader, asked(Signal.TRACES, trace_id=trace))] == [
        "span 2"
    ]
    assert not found(reader, asked(Signal.TRACES, min_duration_ns=5_000_001))
    assert len(found(reader, asked(Signal.TRACES, max_duration_ns=5_000_000, name="span 4"))) == 1
    assert not found(reader, asked(Signal.TRACES, status=2))


def test_points_are_found_by_name(reader: RegionReader, collector: Collector) -> None:
    collector.segment(Signal.METRICS, collector.requests(Signal.METRICS, 2, 1))
    assert len(found(reader, asked(Signal.METRICS, name="requests", tenant="acme"))) == 3
    assert not found(reader, asked(Signal.METRICS, name="request"))


def test_a_limit_gives_the_latest_and_reads_no_more_than_it_must(
    reader: RegionReader, collector: Collector
) -> None:
    for _ in range(20):
        collector.segment(Signal.LOGS, collector.requests(Signal.LOGS, 1))
        collector.now += timedelta(hours=2)
    whole = found(reader, asked(Signal.LOGS, until=NOW + timedelta(days=9)))
    last = reader.find(asked(Signal.LOGS, until=NOW + timedelta(days=9)), 2).scan
    assert last.records.to_pylist() == whole[:2]
    assert last.more
    assert last.blobs < 20


def test_a_search_leaves_an_index_that_rules_blobs_out_of_the_next(
    reader: RegionReader, collector: Collector
) -> None:
    for number in range(4):
        collector.segment(Signal.TRACES, [Request.of(Signal.TRACES, NOW, 3, first=100 * number)])
    wanted = asked(Signal.TRACES, trace_id=f"{102:032x}")
    first = reader.find(wanted, 10)
    assert (first.places.unindexed, first.scan.blobs) == (4, 4)
    second = reader.find(wanted, 10)
    assert (second.places.ruled_out, second.places.unindexed, second.scan.blobs) == (3, 0, 1)
    assert second.scan.records == first.scan.records
    assert [row["name"] for row in second.scan.records.to_pylist()] == ["span 101"]


def test_foreign_blobs_and_classes_of_the_region_are_read_too(
    reader: RegionReader, collector: Collector
) -> None:
    local = collector.requests(Signal.LOGS, 2)
    collector.segment(Signal.LOGS, local, container_class="logs-local")
    pretty = json.dumps(json.loads(line(Signal.LOGS, [record(Signal.LOGS, NOW, 77)])), indent=2)
    reader.account.container("logs").create("2026/11/24/logs.json_1234", pretty.encode())
    # A foreign blob's age is when it was written, which is today.
    wanted = asked(Signal.LOGS, until=max(NOW, datetime.now(UTC)) + timedelta(hours=2))
    rows = found(reader, wanted)
    assert sorted(row["container"] for row in rows) == ["logs", "logs-local", "logs-local"]
    assert len(found(reader, replace(wanted, tenant="acme", text="log 77"))) == 1


def test_a_blob_without_its_entry_is_not_there_yet(
    reader: RegionReader, collector: Collector
) -> None:
    collector.segment(Signal.LOGS, collector.requests(Signal.LOGS, 2), upload_entry=False)
    assert not found(reader, asked(Signal.LOGS))


def test_a_blob_that_has_gone_is_said(reader: RegionReader, collector: Collector) -> None:
    gone = collector.segment(Signal.LOGS, collector.requests(Signal.LOGS, 2))
    reader.account.container("logs").remove(gone.name)
    assert reader.find(asked(Signal.LOGS), 10).scan.gone == 1


def test_otlp_gives_back_the_records_found_and_no_others(
    reader: RegionReader, collector: Collector
) -> None:
    collector.segment(
        Signal.TRACES,
        [Request.of(Signal.TRACES, NOW, 3), Request.of(Signal.TRACES, NOW, 3, first=3)],
    )
    wanted = asked(Signal.TRACES, text="feature-1")
    request = as_request(reader.account, Signal.TRACES, reader.find(wanted, 10).scan.records)
    spans = [
        span
        for resource in request["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]
    assert sorted(spans, key=lambda span: str(span["spanId"])) == [
        record(Signal.TRACES, NOW + timedelta(seconds=second), number)
        for number, second in ((1, 1), (4, 1))
    ]
    assert all(
        resource["resource"]["attributes"][0]["value"] == {"stringValue": "contoso"}
        for resource in request["resourceSpans"]
    )


def test_every_read_is_written_down_without_personal_data(
    reader: RegionReader, collector: Collector
) -> None:
    collector.segment(Signal.LOGS, collector.requests(Signal.LOGS, 1))
    found(reader, asked(Signal.LOGS, tenant="acme", text="who is anna.berg@example.com"))
    (note,) = (
        json.loads(reader.account.container(READS).read(info.name))
        for info in reader.account.container(READS).list()
    )
    assert note["region"] == "euc"
    assert note["user"]
    assert note["filter"]["tenant"] == "acme"
    assert note["filter"]["text"] == "who is ****"
    assert "example.com" not in json.dumps(note)


def test_a_position_leaves_behind_what_was_read(reader: RegionReader) -> None:
    wanted = asked(Signal.LOGS, since=NOW - timedelta(minutes=30))
    collector = Collector(reader.account, "euc", now=NOW - timedelta(days=3))
    collector.segment(Signal.LOGS, collector.requests(Signal.LOGS, 1))
    collector.now = NOW
    first = collector.segment(Signal.LOGS, collector.requests(Signal.LOGS, 1))
    position = Position()
    assert [blob.name for blob in places(reader.account, wanted, position).blobs] == [first.name]
    assert places(reader.account, wanted, position).blobs == []
    second = collector.segment(Signal.LOGS, collector.requests(Signal.LOGS, 1))
    collector.close_hour()
    assert [blob.name for blob in places(reader.account, wanted, position).blobs] == [second.name]


def test_following_gives_each_record_once(reader: RegionReader, collector: Collector) -> None:
    now = datetime.now(UTC)
    collector.now = now
    collector.segment(Signal.LOGS, [Request.of(Signal.LOGS, now, 2)])
    rounds = iter([True, True, False])

    def wait() -> bool:
        if going := next(rounds):
            later = Request.of(Signal.LOGS, now, 1, first=collector.seq * 10)
            collector.segment(Signal.LOGS, [later])
        return going

    followed = reader.follow(asked(Signal.LOGS, since=now - timedelta(hours=1)), wait)
    assert [each.scan.records.num_rows for each in followed] == [2, 1, 1]
