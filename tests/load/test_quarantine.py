"""Quarantine: seen, taken again once it is mended, or given up, and the books say which."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb
import pytest
from builders import Collector, Request, Segment

from mainstem.books import keep_books
from mainstem.config.platform import Platform, load_platform
from mainstem.errors import UsageError
from mainstem.load import load
from mainstem.load.quarantine import (
    drop_quarantined,
    list_quarantine,
    retry_quarantined,
    show_quarantine,
)
from mainstem.records import Signal
from mainstem.store import Account

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime.now(UTC).replace(minute=10, second=0, microsecond=0)
PLATFORM = """
environment: play
home: aus
regions:
  aus: {residency: isolated, store: "file:./stores/aus"}
"""
BROKEN = Request(b'{"resourceLogs":[{"scop', 4, b"d" * 16)


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    (tmp_path / "mainstem.yaml").write_text(PLATFORM)
    return load_platform(tmp_path / "mainstem.yaml")


@pytest.fixture
def aus(platform: Platform) -> Collector:
    return Collector(Account.open("file:./stores/aus", platform.directory), "aus", now=NOW)


def with_a_bad_line(platform: Platform, aus: Collector) -> Segment:
    segment = aus.segment(Signal.LOGS, [*aus.requests(Signal.LOGS, 2, 3), BROKEN])
    load(platform)
    return segment


def path_of(platform: Platform, segment: Segment) -> Path:
    return platform.directory / "stores" / "aus" / "logs" / segment.name


def test_it_is_listed_with_its_reason_and_places(platform: Platform, aus: Collector) -> None:
    segment = with_a_bad_line(platform, aus)
    (found,) = list_quarantine(platform)
    assert (found.blob, found.lines, found.records, found.state) == (segment.name, 1, 4, "open")
    (place,) = show_quarantine(platform, segment.name)
    assert (place.line, place.code) == (2, found.codes)
    with pytest.raises(UsageError, match="is not in quarantine"):
        show_quarantine(platform, "another")


def test_a_retry_replaces_what_the_blob_gave(platform: Platform, aus: Collector) -> None:
    segment = with_a_bad_line(platform, aus)
    retry_quarantined(platform, [segment.name])
    assert list_quarantine(platform)[0].state == "retry"
    result = load(platform)
    found = result.signals["aus", "logs"]
    assert (found.records, found.quarantined, found.duplicate) == (5, 4, 0), "not of themselves"
    assert list_quarantine(platform)[0].state == "open", "it is as bad as it was"
    with duckdb.connect(str(platform.warehouse_path), read_only=True) as connection:
        ids = connection.execute(
            "SELECT count(*), count(DISTINCT record_id) FROM bronze.otel_logs"
        ).fetchone()
    assert ids == (5, 5)
    books = keep_books(platform)
    assert (books.problems, books.totals[0].loaded, books.totals[0].quarantined) == ([], 5, 4)
    assert load(platform).nothing_new


def test_a_retry_of_a_blob_that_was_mended_and_of_one_that_is_gone(
    platform: Platform, aus: Collector
) -> None:
    segment = aus.segment(Signal.LOGS, aus.requests(Signal.LOGS, 3))
    path = path_of(platform, segment)
    good = path.read_bytes()
    path.write_bytes(good[:-9])
    load(platform)
    assert not keep_books(platform).balanced
    path.unlink()
    with pytest.raises(UsageError, match="is gone"):
        retry_quarantined(platform, [segment.name])
    path.write_bytes(good)
    retry_quarantined(platform, [segment.name])
    assert load(platform).signals["aus", "logs"].records == 3
    assert list_quarantine(platform) == []
    assert keep_books(platform).problems == []


def test_a_retry_keeps_rows_whose_blob_was_changed_since(
    platform: Platform, aus: Collector
) -> None:
    segment = with_a_bad_line(platform, aus)
    retry_quarantined(platform, [segment.name])
    path_of(platform, segment).write_bytes(b"{}")
    load(platform)
    (logs,) = keep_books(platform).totals
    assert (logs.loaded, logs.quarantined) == (5, 4)
    assert "blob_changed_after_its_load" in list_quarantine(platform)[0].codes


def test_what_is_dropped_is_a_loss_in_the_books(platform: Platform, aus: Collector) -> None:
    partly = with_a_bad_line(platform, aus)
    whole = aus.segment(Signal.LOGS, aus.requests(Signal.LOGS, 3), data=b"{}")
    load(platform)
    assert not keep_books(platform).balanced
    drop_quarantined(platform, [partly.name, whole.name])
    books = keep_books(platform)
    (logs,) = books.totals
    assert books.problems == []
    assert (logs.loaded, logs.quarantined, logs.dropped_at_load) == (5, 0, 7)
    assert {each.state for each in list_quarantine(platform)} == {"dropped"}
    assert load(platform).nothing_new


def test_a_foreign_blob_is_taken_again(platform: Platform, aus: Collector) -> None:
    good = Request.of(Signal.LOGS, NOW, 3).data
    aus.account.container("logs").create("2026/foreign.json", good + b"\n" + BROKEN.data)
    load(platform)
    (found,) = list_quarantine(platform)
    retry_quarantined(platform, [found.blob])
    assert load(platform).signals["aus", "logs"].records == 3
    assert keep_books(platform).problems == []
    assert [each.state for each in list_quarantine(platform)] == ["open"]
    drop_quarantined(platform, [found.blob])
    (logs,) = keep_books(platform).totals
    assert (logs.loaded, logs.dropped_at_load) == (3, 1)
