"""A dry run tells what the load then takes, and writes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from builders import Collector, Request

from mainstem.config.platform import load_platform
from mainstem.load import load, preview_load
from mainstem.records import Signal
from mainstem.store import RETENTION, Account
from mainstem.warehouse import open_warehouse

if TYPE_CHECKING:
    from pathlib import Path

PLATFORM = """
environment: play
home: aus
regions:
  aus: {residency: isolated, store: "file:./stores/aus"}
"""


def test_a_preview_tells_what_a_load_takes(tmp_path: Path) -> None:
    (tmp_path / "mainstem.yaml").write_text(PLATFORM)
    platform = load_platform(tmp_path / "mainstem.yaml")
    now = datetime.now(UTC)
    aus = Collector(Account.open("file:./stores/aus", tmp_path), "aus", now=now)
    first = aus.segment(Signal.LOGS, aus.requests(Signal.LOGS, 3))
    foreign = Request.of(Signal.LOGS, now, 2).data
    logs = aus.account.container("logs")
    logs.create("plain.json", foreign)
    aus.segment(Signal.TRACES, aus.requests(Signal.TRACES, 4), upload_blob=False)
    found_logs, found_traces = sorted(preview_load(platform).waiting, key=lambda w: w.signal)
    assert (found_logs.blobs, found_logs.records, found_logs.foreign) == (2, 3, 1)
    assert found_logs.bytes == len(logs.read(first.name)) + len(foreign)
    assert (found_traces.blobs, found_traces.records, found_traces.awaited) == (0, 0, 1)
    assert not platform.warehouse_path.exists()
    assert load(platform).signals["aus", "logs"].blobs == found_logs.blobs
    (still,) = preview_load(platform).waiting
    assert (still.signal, still.awaited) == ("traces", 1)
    aus.segment(Signal.LOGS, aus.requests(Signal.LOGS, 5))
    before = platform.warehouse_path.read_bytes()
    assert preview_load(platform).waiting[-1].records == 5
    assert platform.warehouse_path.read_bytes() == before


def test_a_preview_lets_the_warehouse_go_before_it_looks_at_stores(tmp_path: Path) -> None:
    (tmp_path / "mainstem.yaml").write_text(PLATFORM)
    platform = load_platform(tmp_path / "mainstem.yaml")
    aus = Collector(Account.open("file:./stores/aus", tmp_path), "aus", now=datetime.now(UTC))
    aus.segment(Signal.LOGS, aus.requests(Signal.LOGS, 3))
    load(platform)
    taken = []

    def write_meanwhile(what: str) -> None:
        with open_warehouse(platform):
            taken.append(what)

    assert not preview_load(platform, write_meanwhile).waiting
    assert len(taken) == 4


def test_a_record_of_removals_that_is_none_holds_up_neither_preview_nor_load(
    tmp_path: Path,
) -> None:
    (tmp_path / "mainstem.yaml").write_text(PLATFORM)
    platform = load_platform(tmp_path / "mainstem.yaml")
    aus = Collector(Account.open("file:./stores/aus", tmp_path), "aus", now=datetime.now(UTC))
    aus.segment(Signal.LOGS, aus.requests(Signal.LOGS, 3))
    aus.account.ensure_container(RETENTION)
    aus.account.container(RETENTION).create("aus/000000000001.json", b"{}")
    preview = preview_load(platform)
    assert [found.records for found in preview.waiting] == [3]
    assert not preview.failed
    loaded = load(platform)
    assert loaded.signals["aus", "logs"].records == 3
    assert preview.problems == loaded.problems
    assert len(loaded.problems) == 1
