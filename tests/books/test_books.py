"""The books find whatever is wrong between receipt and warehouse, and say where."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from builders import Collector, Request

from mainstem.books import Books, keep_books, take_status
from mainstem.config.platform import Platform, load_platform
from mainstem.load import load
from mainstem.records import Signal
from mainstem.replicate import replicate
from mainstem.store import Account

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime.now(UTC).replace(minute=10, second=0, microsecond=0)
PLATFORM = """
environment: play
regions:
  euc:
    store: file:./stores/euc
    routes: {logs: replicate, traces: none, metrics: replicate}
  aus:
    residency: isolated
central:
  store: file:./stores/central
"""


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    (tmp_path / "mainstem.yaml").write_text(PLATFORM)
    return load_platform(tmp_path / "mainstem.yaml")


@pytest.fixture
def euc(platform: Platform) -> Collector:
    return collector(platform)


def collector(platform: Platform, **more: Any) -> Collector:
    store = Account.open("file:./stores/euc", platform.directory)
    return Collector(store, "euc", now=NOW, **more)


def bring(platform: Platform) -> None:
    replicate(platform)
    load(platform)


def warehouse(platform: Platform, sql: str) -> None:
    with duckdb.connect(str(platform.warehouse_path)) as connection:
        connection.execute(sql)


def only_problem(books: Books) -> str:
    assert len(books.problems) == 1, books.problems
    return books.problems[0]


def test_every_record_is_accounted_for(platform: Platform, euc: Collector) -> None:
    same = Request.of(Signal.LOGS, NOW, 3)
    other = collector(platform, instance="00000000000000bb")
    euc.segment(Signal.LOGS, [same, *euc.requests(Signal.LOGS, 4)], rejected=2, duplicate=5)
    other.segment(Signal.LOGS, [same])
    euc.segment(Signal.TRACES, euc.requests(Signal.TRACES, 7))
    bring(platform)
    euc.segment(Signal.METRICS, euc.requests(Signal.METRICS, 6))
    books = keep_books(platform)
    assert books.problems == []
    logs, metrics, traces = books.totals
    assert (logs.counts.received, logs.counts.rejected, logs.counts.duplicate) == (17, 2, 5)
    assert (logs.stored, logs.recounted, logs.loaded, logs.duplicate_at_load) == (10, 10, 7, 3)
    assert (metrics.stored, metrics.pending) == (6, 6), "seen before it has travelled"
    assert (traces.stored, traces.not_travelling) == (7, 7)
    assert books.isolated == ["aus"]
    assert keep_books(platform, recount=True).balanced


def test_before_anything_happened(platform: Platform) -> None:
    books = keep_books(platform)
    assert (books.balanced, books.hours) == (True, [])


def test_lines_are_per_hour(platform: Platform, euc: Collector) -> None:
    euc.now = NOW - timedelta(hours=2)
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 1))
    euc.close_hour()
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 2))
    bring(platform)
    books = keep_books(platform)
    assert [(line.hour, line.loaded) for line in books.hours] == [
        ((NOW - timedelta(hours=2)).strftime("%Y-%m-%dT%H"), 1),
        ((NOW - timedelta(hours=1)).strftime("%Y-%m-%dT%H"), 2),
    ]
    assert len(books.notes) == 1
    assert "has not closed the hour" in books.notes[0]


def test_a_doubled_row_is_found(platform: Platform, euc: Collector) -> None:
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 3))
    bring(platform)
    warehouse(platform, "INSERT INTO bronze.otel_logs FROM bronze.otel_logs LIMIT 1")
    books = keep_books(platform)
    assert "stored and accounted for differ by -1" in books.problems[0]
    assert "has 4 rows in bronze; the load put 3 there" in books.problems[1]


def test_a_lost_row_is_found(platform: Platform, euc: Collector) -> None:
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 3))
    bring(platform)
    warehouse(platform, "DELETE FROM bronze.otel_logs WHERE ordinal = 1")
    assert "stored and accounted for differ by +1" in keep_books(platform).problems[0]


@pytest.mark.parametrize("signal", [Signal.LOGS, Signal.TRACES])
def test_a_blob_removed_before_its_time_is_found(
    platform: Platform, euc: Collector, signal: Signal
) -> None:
    segment = euc.segment(signal, euc.requests(signal, 3))
    (platform.directory / "stores" / "euc" / signal.value / segment.name).unlink()
    bring(platform)
    first, second = keep_books(platform).problems
    assert "stored and accounted for differ by +3" in first
    assert f"{segment.name} is gone before its time" in second


def test_a_loaded_blob_may_go(platform: Platform, euc: Collector) -> None:
    segment = euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 3))
    bring(platform)
    for place in ("euc/logs", "central/euc-logs"):
        (platform.directory / "stores" / place / segment.name).unlink()
    assert keep_books(platform).balanced


def test_an_old_blob_that_was_never_loaded_is_expired(platform: Platform, euc: Collector) -> None:
    euc.now = NOW - timedelta(days=20)
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 3), upload_blob=False)
    bring(platform)
    books = keep_books(platform)
    assert (books.problems, books.totals[0].expired) == ([], 3)


def test_a_corrupt_blob_is_found(platform: Platform, euc: Collector) -> None:
    segment = euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 3))
    replicate(platform)
    path = platform.directory / "stores" / "central" / "euc-logs" / segment.name
    path.write_bytes(path.read_bytes()[:-9])
    load(platform)
    books = keep_books(platform)
    assert only_problem(books) == (f"euc logs: {segment.name}: blob differs from its entry")
    assert books.totals[0].quarantined == 3


def test_a_bad_line_is_in_quarantine_and_balances(platform: Platform, euc: Collector) -> None:
    broken = Request(b'{"resourceLogs":[{"scop', 4, b"d" * 16)
    euc.segment(Signal.LOGS, [*euc.requests(Signal.LOGS, 2), broken])
    bring(platform)
    books = keep_books(platform)
    assert (books.totals[0].loaded, books.totals[0].quarantined) == (2, 4)
    assert books.totals[0].stored == books.totals[0].accounted
    assert books.problems == []
    assert "1 lines in quarantine from line 1" in books.notes[0]


def test_a_collector_that_counts_wrong_is_found(platform: Platform, euc: Collector) -> None:
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 3), stored=4)
    euc.segment(Signal.TRACES, euc.requests(Signal.TRACES, 3), stored=2)
    bring(platform)
    problems = keep_books(platform).problems
    assert "the blobs' lines and their entries differ by -1" in problems[0]
    assert "stored and accounted for differ by +1" in problems[1]
    assert not any("traces" in problem for problem in problems)
    recounted = keep_books(platform, recount=True).problems
    assert any("holds 1 lines with 3 records; its entry says 1 with 2" in p for p in recounted)


def test_a_request_that_vanished_in_the_collector_is_found(
    platform: Platform, euc: Collector
) -> None:
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 3))
    bring(platform)
    warehouse(platform, "UPDATE bronze.ledger SET received = received + 2 WHERE kind = 'segment'")
    assert "received and what became of it differ by +2" in only_problem(keep_books(platform))


def test_a_missing_entry_is_found(platform: Platform, euc: Collector) -> None:
    for _ in range(4):
        euc.write_entry("heartbeat")
    for seq in (2, 3):
        next((platform.directory / "stores/euc/ledger").rglob(f"*{seq:012d}.json")).unlink()
    assert only_problem(keep_books(platform)) == (
        "euc: entry 2 to 3 of instance 00000000000000aa is missing"
    )
    bring(platform)
    assert not keep_books(platform).balanced


def test_a_chain_that_does_not_follow_is_found(platform: Platform, euc: Collector) -> None:
    euc.write_entry("heartbeat")
    euc.previous = "1" * 64
    euc.write_entry("heartbeat")
    bring(platform)
    assert only_problem(keep_books(platform)).startswith("euc: entry 2 of instance")


def test_a_blob_without_an_entry_becomes_an_orphan(platform: Platform, euc: Collector) -> None:
    segment = euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 3), upload_entry=False)
    books = keep_books(platform)
    assert books.balanced
    assert any("has no ledger entry yet" in note for note in books.notes)
    path = platform.directory / "stores" / "euc" / "logs" / segment.name
    os.utime(path, (time.time() - 25 * 3600,) * 2)
    assert "is an orphan" in only_problem(keep_books(platform))


def test_foreign_books_begin_at_stored(platform: Platform, euc: Collector) -> None:
    data = Request.of(Signal.LOGS, NOW, 3).data
    euc.account.container("logs").create("2026/11/24/logs_12_00_00.json_1234", data)
    bring(platform)
    (line,) = keep_books(platform).totals
    assert (line.counts.received, line.foreign, line.stored, line.loaded) == (0, 3, 3, 3)
    assert keep_books(platform).balanced


def test_an_unreachable_region_is_told(tmp_path: Path, platform: Platform) -> None:
    euc = collector(platform)
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 3))
    bring(platform)
    gone = '"AccountName=a;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:1/a"'
    path = tmp_path / "mainstem.yaml"
    path.write_text(PLATFORM.replace("file:./stores/euc", gone))
    books = keep_books(load_platform(path))
    assert books.problems == []
    assert books.totals[0].loaded == 3
    assert "its store was not looked at" in books.notes[0]


def test_status_tells_what_waits(platform: Platform, euc: Collector) -> None:
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 3))
    euc.segment(Signal.TRACES, euc.requests(Signal.TRACES, 3))
    (region,) = take_status(platform).regions
    assert (region.to_travel, region.to_load) == ((1, 3), (0, 0))
    replicate(platform)
    status = take_status(platform)
    assert (status.regions[0].to_travel, status.regions[0].to_load) == ((0, 0), (1, 3))
    assert (status.last_load, status.isolated) == (None, ["aus"])
    load(platform)
    status = take_status(platform)
    assert (status.regions[0].to_travel, status.regions[0].to_load) == ((0, 0), (0, 0))
    assert status.last_load is not None
    assert status.last_load.records == 3
    assert status.regions[0].last_entry == (euc.now - timedelta(seconds=30)).replace(tzinfo=None)
    assert status.regions[0].last_heartbeat is None


def test_an_isolated_region_keeps_its_own_books(tmp_path: Path) -> None:
    (tmp_path / "mainstem.yaml").write_text(
        "environment: play\nhome: aus\nregions:\n"
        "  aus: {residency: isolated, store: 'file:./stores/aus'}\n"
    )
    platform = load_platform(tmp_path / "mainstem.yaml")
    aus = Collector(Account.open("file:./stores/aus", tmp_path), "aus", now=NOW)
    for signal in Signal:
        aus.segment(signal, aus.requests(signal, 3))
    assert {line.signal: line.pending for line in keep_books(platform).totals} == dict.fromkeys(
        Signal, 3
    )
    assert take_status(platform).regions[0].to_load == (3, 9)
    bring(platform)
    books = keep_books(platform)
    assert (books.problems, books.isolated) == ([], [])
    assert [line.loaded for line in books.totals] == [3, 3, 3]
    assert take_status(platform).regions[0].to_load == (0, 0)
