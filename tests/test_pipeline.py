"""One pass takes all that is new, and a second one finds nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from builders import Collector

from mainstem.books import keep_books
from mainstem.config.platform import load_platform
from mainstem.pipeline import run_pass
from mainstem.records import Signal
from mainstem.store import Account

if TYPE_CHECKING:
    from pathlib import Path

PLATFORM = """
environment: play
regions:
  euc:
    store: file:./stores/euc
    routes: {logs: replicate, traces: none, metrics: none}
  use:
    store: file:./stores/use
    routes: {logs: replicate, traces: none, metrics: none}
central:
  store: file:./stores/central
warehouse: duckdb:./warehouse.duckdb
published: ./published
"""


def test_a_pass_removes_what_is_too_old_where_the_file_says_so(tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(minute=10, second=0, microsecond=0)
    for region, instance in (("euc", "00000000000000aa"), ("use", "00000000000000bb")):
        store = Account.open(f"file:./stores/{region}", tmp_path)
        collector = Collector(store, region, instance=instance, now=now - timedelta(days=15))
        for days in (15, 1, 0):
            collector.now = now - timedelta(days=days)
            collector.segment(Signal.LOGS, collector.requests(Signal.LOGS, 3))
    (tmp_path / "mainstem.yaml").write_text(PLATFORM)
    assert run_pass(load_platform(tmp_path / "mainstem.yaml")).retention is None
    (tmp_path / "mainstem.yaml").write_text(PLATFORM + "run: {retain: true}\n")
    platform = load_platform(tmp_path / "mainstem.yaml")
    again = run_pass(platform)
    assert again.retention is not None
    assert again.retention[1].blobs == {
        (region, store): 1 for region in ("euc", "use") for store in ("region", "centre")
    }
    assert not any(store.alarms or store.stops for store in again.retention[0].stores)
    assert keep_books(platform).problems == []


def test_a_pass_takes_all_that_is_new_and_a_second_one_finds_nothing(tmp_path: Path) -> None:
    (tmp_path / "mainstem.yaml").write_text(PLATFORM)
    platform = load_platform(tmp_path / "mainstem.yaml")
    now = datetime.now(UTC).replace(minute=10, second=0, microsecond=0)
    for region, sizes in (("euc", (3, 4)), ("use", (5, 2))):
        store = Account.open(f"file:./stores/{region}", platform.directory)
        collector = Collector(store, region, now=now)
        collector.segment(Signal.LOGS, collector.requests(Signal.LOGS, *sizes))

    first = run_pass(platform)
    assert [sum(region.blobs.values()) for region in first.replication.regions] == [1, 1]
    assert sum(signal.records for signal in first.loaded.signals.values()) == 14
    assert not first.built.nothing_new

    second = run_pass(platform)
    assert second.replication.nothing_new
    assert second.loaded.nothing_new
    assert second.built.nothing_new
    assert second.built.build == first.built.build
