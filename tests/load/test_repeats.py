"""Repeats in blobs of other exporters, which carry no digests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from builders import line, record

from mainstem.books import keep_books
from mainstem.config.platform import Platform, load_platform
from mainstem.load import Choice, load
from mainstem.records import Signal
from mainstem.store import Account, Container

if TYPE_CHECKING:
    from pathlib import Path

PLATFORM = """
environment: play
home: aus
regions:
  aus: {residency: isolated, store: "file:./stores/aus"}
warehouse: duckdb:./warehouse.duckdb
"""
NOW = datetime.now(UTC).replace(microsecond=0)


def platform_of(folder: Path, text: str = PLATFORM) -> Platform:
    (folder / "mainstem.yaml").write_text(text)
    return load_platform(folder / "mainstem.yaml")


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    return platform_of(tmp_path)


def container(platform: Platform, signal: Signal) -> Container:
    account = Account.open("file:./stores/aus", platform.directory)
    account.ensure_container(signal.value)
    return account.container(signal.value)


def request(signal: Signal, *numbers: int, service: str = "contoso") -> bytes:
    return line(signal, [record(signal, NOW, number) for number in numbers], service) + b"\n"


def query(platform: Platform, sql: str) -> list[Any]:
    with duckdb.connect(str(platform.warehouse_path), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_a_whole_line_again_is_a_repeat(platform: Platform) -> None:
    logs = container(platform, Signal.LOGS)
    first, second = request(Signal.LOGS, 1, 2), request(Signal.LOGS, 3)
    logs.create("a.json", first + second + first)
    found = load(platform).signals["aus", "logs"]
    assert (found.records, found.duplicate, found.equal) == (3, 2, 0)
    # One object, without a line break: the same request.
    logs.create("b.json", first.rstrip())
    found = load(platform).signals["aus", "logs"]
    assert (found.records, found.duplicate) == (0, 2)
    assert query(platform, "SELECT line, ordinal FROM bronze.otel_logs ORDER BY ALL") == [
        (0, 0),
        (0, 1),
        (1, 0),
    ]
    books = keep_books(platform)
    assert not books.problems
    (total,) = books.totals
    assert (total.stored, total.loaded, total.duplicate_at_load) == (7, 3, 4)
    assert load(platform).nothing_new


def test_a_blob_that_grows_is_no_repeat_of_itself(platform: Platform) -> None:
    """As an append blob does, or a file that is written while it is loaded."""
    logs = container(platform, Signal.LOGS)
    first, second = request(Signal.LOGS, 1, 2), request(Signal.LOGS, 3)
    logs.replace("a.json", first + second[:40])
    load(platform)
    before = query(platform, "SELECT record_id FROM bronze.otel_logs ORDER BY ALL")
    assert query(platform, "SELECT line, code FROM bronze.quarantine") == [(1, "truncated")]
    logs.replace("a.json", first + second)
    found = load(platform).signals["aus", "logs"]
    assert (found.records, found.duplicate, found.quarantined) == (3, 0, 0)
    after = query(platform, "SELECT record_id FROM bronze.otel_logs ORDER BY ALL")
    assert len(after) == 3
    assert set(before) < set(after)
    assert query(platform, "SELECT count(*) FROM bronze.quarantine") == [(0,)]
    assert load(platform, choice=Choice(replay=NOW.date())).signals["aus", "logs"].records == 3
    assert query(platform, "SELECT record_id FROM bronze.otel_logs ORDER BY ALL") == after
    assert not keep_books(platform).problems


def test_equal_records_are_told_and_stay(platform: Platform) -> None:
    logs, metrics = (container(platform, signal) for signal in (Signal.LOGS, Signal.METRICS))
    logs.create("a.json", request(Signal.LOGS, 1, 2) + request(Signal.LOGS, 2, 3))
    metrics.create("a.json", request(Signal.METRICS, 1) + request(Signal.METRICS, 1, 2))
    signals = load(platform).signals
    assert (signals["aus", "logs"].records, signals["aus", "logs"].equal) == (4, 1)
    assert (signals["aus", "metrics"].records, signals["aus", "metrics"].equal) == (3, 1)
    logs.create("b.json", request(Signal.LOGS, 3, 4) + request(Signal.LOGS, 1, service="other"))
    assert load(platform).signals["aus", "logs"].equal == 1
    books = keep_books(platform)
    assert not books.problems
    assert (
        "aus logs: 2 records of foreign blobs equaled another one when they were loaded, and are "
        "there" in books.notes
    )


@pytest.mark.parametrize("repeated_spans", ["keep", "drop"])
def test_spans_are_repeats_by_their_ids_when_asked(tmp_path: Path, repeated_spans: str) -> None:
    region = f"repeated_spans: {repeated_spans}, residency"
    platform = platform_of(tmp_path, PLATFORM.replace("residency", region))
    traces = container(platform, Signal.TRACES)
    traces.create("a.json", request(Signal.TRACES, 1, 2) + request(Signal.TRACES, 2, 3))
    first = load(platform).signals["aus", "traces"]
    traces.create("b.json", request(Signal.TRACES, 3, 4))
    second = load(platform).signals["aus", "traces"]
    found = [(each.records, each.duplicate, each.equal) for each in (first, second)]
    if repeated_spans == "drop":
        assert found == [(3, 1, 0), (1, 1, 0)]
    else:
        assert found == [(4, 0, 1), (2, 0, 1)]
    assert not keep_books(platform).problems


def test_empty_blobs_are_loaded_once(platform: Platform) -> None:
    container(platform, Signal.LOGS).create("empty.json", b"")
    found = load(platform).signals["aus", "logs"]
    assert (found.blobs, found.records, found.quarantined) == (1, 0, 0)
    assert load(platform).nothing_new
