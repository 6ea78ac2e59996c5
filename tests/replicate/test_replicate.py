"""Replication: what travels arrives once, in an order that a reader may trust."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from builders import NOON, Collector, line, record

from mainstem.books import keep_books
from mainstem.config.platform import Platform, load_platform
from mainstem.load import load
from mainstem.records import Signal
from mainstem.replicate import preview_replication, replicate
from mainstem.store import Account

if TYPE_CHECKING:
    from pathlib import Path

PLATFORM = """
environment: play
regions:
  euc:
    store: {euc}
    routes: {{logs: replicate, traces: none, metrics: none}}
  use:
    store: {use}
    routes: {{logs: replicate, metrics: replicate}}
  aus:
    residency: isolated
central:
  store: {central}
"""


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    path = tmp_path / "mainstem.yaml"
    path.write_text(
        PLATFORM.format(
            euc="file:./stores/euc", use="file:./stores/use", central="file:./stores/central"
        )
    )
    return load_platform(path)


def account(platform: Platform, name: str) -> Account:
    return Account.open(f"file:./stores/{name}", platform.directory)


def names(platform: Platform, store: str, container: str) -> list[str]:
    return [info.name for info in account(platform, store).container(container).list()]


def test_what_is_routed_arrives_and_the_rest_stays(platform: Platform) -> None:
    euc = Collector(account(platform, "euc"), "euc")
    use = Collector(account(platform, "use"), "use", instance="00000000000000bb")
    for collector in (euc, use):
        for signal in Signal:
            collector.segment(signal, collector.requests(signal, 3, 2))
        collector.close_hour()
    result = replicate(platform)
    assert [(r.region, r.blobs, r.entries, r.problems) for r in result.regions] == [
        ("euc", {Signal.LOGS: 1}, 5, []),
        ("use", {Signal.LOGS: 1, Signal.METRICS: 1}, 5, []),
    ]
    for region, container in (("euc", "logs"), ("use", "logs"), ("use", "metrics")):
        assert names(platform, "central", f"{region}-{container}") == names(
            platform, region, container
        )
    assert names(platform, "central", "euc-traces") == []
    assert names(platform, "central", "euc-metrics") == []
    ledger = names(platform, "central", "euc-ledger")
    assert len([name for name in ledger if name.endswith(".json")]) == 5
    assert len([name for name in ledger if name.endswith(".lines")]) == 1, "only of what travels"


def test_again_with_nothing_new_changes_nothing(platform: Platform) -> None:
    euc = Collector(account(platform, "euc"), "euc")
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 3))
    assert not replicate(platform).nothing_new
    before = names(platform, "central", "replication")
    assert replicate(platform).nothing_new
    assert names(platform, "central", "replication") == before
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 3))
    second = replicate(platform)
    assert second.regions[0].blobs == {Signal.LOGS: 1}
    assert second.regions[0].entries == 1, "goes on where the first run ended"


def test_a_late_entry_of_an_old_day_is_found(platform: Platform) -> None:
    euc = Collector(account(platform, "euc"), "euc")
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 1))
    replicate(platform)
    late = Collector(account(platform, "euc"), "euc", instance="00000000000000cc")
    late.now = late.now.replace(year=2025)
    late.segment(Signal.LOGS, late.requests(Signal.LOGS, 1))
    assert replicate(platform).regions[0].entries == 2


def test_a_gap_is_looked_at_again(platform: Platform) -> None:
    euc = Collector(account(platform, "euc"), "euc")
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 1))
    missing = euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 1))
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 1))
    path = platform.directory / "stores" / "euc" / "ledger" / missing.entry
    entry = path.read_bytes()
    path.unlink()
    assert replicate(platform).regions[0].entries == 3
    assert replicate(platform).nothing_new
    path.write_bytes(entry)
    assert replicate(platform).regions[0].entries == 1
    assert replicate(platform).nothing_new


@pytest.mark.parametrize("harm", ["changed", "removed"])
def test_a_harmed_blob_is_told_and_taken_once_it_is_back(platform: Platform, harm: str) -> None:
    euc = Collector(account(platform, "euc"), "euc")
    euc.now = euc.now.now(euc.now.tzinfo)  # within its retention
    segment = euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 2))
    path = platform.directory / "stores" / "euc" / "logs" / segment.name
    good = path.read_bytes()
    if harm == "changed":
        path.write_bytes(good.replace(b"log 1", b"log X"))
    else:
        path.unlink()
    first = replicate(platform).regions[0]
    assert first.entries == 2
    assert len(first.problems) == 1
    assert segment.name in first.problems[0]
    assert names(platform, "central", "euc-logs") == []
    path.write_bytes(good)
    again = replicate(platform).regions[0]
    assert (again.blobs, again.problems) == ({Signal.LOGS: 1}, [])
    assert replicate(platform).nothing_new


def test_our_blob_without_its_entry_waits(platform: Platform) -> None:
    euc = Collector(account(platform, "euc"), "euc")
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 2), upload_entry=False)
    replicate(platform)
    assert names(platform, "central", "euc-logs") == []


def test_local_class_stays(platform: Platform) -> None:
    euc = Collector(account(platform, "euc"), "euc")
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 2), container_class="logs-local")
    assert replicate(platform).regions[0].blobs == {}
    assert names(platform, "central", "euc-logs") == []


def test_foreign_blobs_follow_their_changes(platform: Platform) -> None:
    logs = account(platform, "euc").container("logs")
    logs.create("2026/11/24/logs_12_00_00.json_1234", b'{"resourceLogs":[]}')
    assert replicate(platform).regions[0].blobs == {Signal.LOGS: 1}
    logs.replace("2026/11/24/logs_12_00_00.json_1234", b'{"resourceLogs":[]}\n{}')
    assert replicate(platform).regions[0].blobs == {Signal.LOGS: 1}
    copy = account(platform, "central").container("euc-logs")
    assert copy.read("2026/11/24/logs_12_00_00.json_1234").endswith(b"{}")
    assert replicate(platform).nothing_new


def test_an_unreachable_region_does_not_hold_up_the_others(tmp_path: Path) -> None:
    path = tmp_path / "mainstem.yaml"
    unreachable = (
        "AccountName=gone;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:1/gone;"
        "DefaultEndpointsProtocol=http"
    )
    path.write_text(PLATFORM.format(euc=unreachable, use="file:./use", central="file:./central"))
    platform = load_platform(path)
    use = Collector(Account.open("file:./use", tmp_path), "use")
    use.segment(Signal.LOGS, use.requests(Signal.LOGS, 2))
    result = replicate(platform)
    assert [(r.region, r.blobs) for r in result.regions] == [("use", {Signal.LOGS: 1})]
    assert list(result.failed) == ["euc"]
    assert "a2V5" not in str(result.failed["euc"])


def test_over_azure(tmp_path: Path, azurite_account: str) -> None:
    path = tmp_path / "mainstem.yaml"
    path.write_text(
        PLATFORM.format(
            euc=json.dumps(azurite_account), use="file:./use", central=json.dumps(azurite_account)
        )
    )
    platform = load_platform(path)
    store = Account.open(azurite_account)
    euc = Collector(store, "euc")
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 2))
    assert replicate(platform).regions[0].blobs == {Signal.LOGS: 1}
    assert replicate(platform).nothing_new
    assert [i.name for i in store.container("euc-logs").list()] == [
        i.name for i in store.container("logs").list()
    ]


def test_a_dry_run_says_what_would_be_copied_and_copies_nothing(platform: Platform) -> None:
    euc = Collector(account(platform, "euc"), "euc")
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 3))
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 1), container_class="logs-local")
    euc.segment(Signal.TRACES, euc.requests(Signal.TRACES, 3))
    foreign = line(Signal.LOGS, [record(Signal.LOGS, NOON, 1)])
    euc.account.container("logs").create("2026/11/24/logs.json", foreign)
    # Of a copy made in the same second nobody can tell whether it is the same.
    os.utime(platform.directory / "stores/euc/logs/2026/11/24/logs.json", (1, 1))
    (logs,) = preview_replication(platform).travelling
    assert (logs.region, logs.signal, logs.blobs, logs.foreign) == ("euc", Signal.LOGS, 2, 1)
    sizes = [info.bytes for info in euc.account.container("logs").list()]
    assert logs.bytes == sum(sizes)
    assert names(platform, "central", "euc-logs") == []
    assert names(platform, "central", "replication") == []
    (done, _) = replicate(platform).regions
    assert (done.blobs, done.bytes) == ({Signal.LOGS: 2}, {Signal.LOGS: logs.bytes})
    assert preview_replication(platform).travelling == []


def test_a_route_that_is_opened_later_takes_up_the_past_when_asked(platform: Platform) -> None:
    euc = Collector(account(platform, "euc"), "euc")
    kept = [euc.segment(Signal.TRACES, euc.requests(Signal.TRACES, 3)).name for _ in range(3)]
    gone = euc.segment(Signal.TRACES, euc.requests(Signal.TRACES, 3))
    replicate(platform)
    euc.account.container("traces").remove(gone.name)
    opened = platform.directory / "opened.yaml"
    text = (platform.directory / "mainstem.yaml").read_text()
    opened.write_text(text.replace("traces: none", "traces: replicate", 1))
    later = load_platform(opened)
    replicate(later)
    assert names(platform, "central", "euc-traces") == []
    assert [each.blobs for each in preview_replication(later).travelling] == []
    assert [each.blobs for each in preview_replication(later, past=True).travelling] == [3]
    replicate(later, past=True)
    assert names(platform, "central", "euc-traces") == kept
    assert load(later).nothing_new is False
    assert {line.signal: line.loaded for line in keep_books(later).totals}["traces"] == 9
    assert replicate(later, past=True).nothing_new
