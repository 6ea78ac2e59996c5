"""Routes of replication: since when, to which central store, and by whom."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from builders import Collector

from mainstem.books import keep_books, take_status, verify
from mainstem.config.platform import Platform, load_platform
from mainstem.doctor import examine
from mainstem.load import load
from mainstem.records import Signal
from mainstem.replicate import preview_replication, replicate
from mainstem.retain import plan_retention, retain
from mainstem.store import Account, ContentConflict

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime.now(UTC).replace(microsecond=0)
TWO_STORES = """
environment: play
regions:
  euc:
    store: file:./stores/euc
    central: west
    routes: {logs: replicate, traces: {route: replicate, to: east}}
  use:
    store: file:./stores/use
    central: east
central:
  stores: {west: "file:./stores/west", east: "file:./stores/east"}
"""
SINCE = """
environment: play
regions:
  euc:
    store: file:./stores/euc
    routes: {logs: {route: replicate, since: DAY}}
central: {store: "file:./stores/central"}
"""


def platform_of(folder: Path, text: str) -> Platform:
    (folder / "mainstem.yaml").write_text(text)
    return load_platform(folder / "mainstem.yaml")


def names(platform: Platform, store: str, container: str) -> list[str]:
    account = Account.open(f"file:./stores/{store}", platform.directory)
    return [info.name for info in account.container(container).list()]


def collector(platform: Platform, region: str, *, days_ago: float = 0) -> Collector:
    store = platform.region(region).store
    assert store is not None
    instance = {"euc": "00000000000000aa", "use": "00000000000000bb"}[region]
    return Collector(
        Account.open(store, platform.directory),
        region,
        instance=instance,
        now=NOW - timedelta(days=days_ago),
    )


def test_each_signal_is_copied_to_and_loaded_from_its_own_central_store(tmp_path: Path) -> None:
    platform = platform_of(tmp_path, TWO_STORES)
    for region in ("euc", "use"):
        of = collector(platform, region)
        of.segment(Signal.LOGS, of.requests(Signal.LOGS, 3))
        of.segment(Signal.TRACES, of.requests(Signal.TRACES, 2))
    result = replicate(platform)
    assert [(r.region, r.blobs, r.problems) for r in result.regions] == [
        ("euc", {Signal.LOGS: 1, Signal.TRACES: 1}, []),
        ("use", {Signal.LOGS: 1}, []),
    ]
    assert names(platform, "west", "euc-logs") == names(platform, "euc", "logs")
    assert names(platform, "east", "euc-traces") == names(platform, "euc", "traces")
    assert names(platform, "east", "use-logs") == names(platform, "use", "logs")
    assert len(names(platform, "west", "euc-ledger")) == 5
    assert len(names(platform, "east", "use-ledger")) == 4
    for store, container in (("east", "euc-logs"), ("west", "euc-traces"), ("east", "euc-ledger")):
        assert names(platform, store, container) == []
    assert replicate(platform).nothing_new
    loaded = load(platform)
    assert {key: each.records for key, each in loaded.signals.items()} == {
        ("euc", "logs"): 3,
        ("euc", "traces"): 2,
        ("use", "logs"): 3,
    }
    assert load(platform).nothing_new
    books = keep_books(platform)
    assert books.problems == []
    assert {(line.region, line.signal): line.loaded for line in books.totals} == {
        ("euc", "logs"): 3,
        ("euc", "traces"): 2,
        ("use", "logs"): 3,
        ("use", "traces"): 0,
    }
    verified = verify(platform)
    assert verified.findings == []
    assert take_status(platform).waiting == []
    assert not examine(platform).checks["what travels has travelled"]


def test_a_store_that_is_not_read_from_any_more_is_emptied_all_the_same(tmp_path: Path) -> None:
    platform = platform_of(tmp_path, TWO_STORES)
    euc = collector(platform, "euc", days_ago=16)
    for days in (15, 13):
        euc.now = NOW - timedelta(days=days)
        euc.segment(Signal.TRACES, euc.requests(Signal.TRACES, 2))
    euc.now = NOW
    euc.write_entry("heartbeat")
    use = collector(platform, "use")
    use.write_entry("heartbeat")
    replicate(platform)
    load(platform)
    moved = platform_of(tmp_path, TWO_STORES.replace(", to: east", ""))
    plan = plan_retention(moved)
    going = {store.store: len(store.blobs) for store in plan.stores if store.region == "euc"}
    west, east = (f"centre (file:{tmp_path}/stores/{name})" for name in ("west", "east"))
    assert going == {"region": 1, west: 0, east: 1}
    retain(plan)
    assert len(names(moved, "east", "euc-traces")) == 1
    assert not any(store.blobs for store in plan_retention(moved).stores)
    assert keep_books(moved).problems == []


def test_what_is_older_than_its_route_stays_until_it_is_asked_for(tmp_path: Path) -> None:
    platform = platform_of(tmp_path, SINCE.replace("DAY", f"{NOW - timedelta(days=3):%Y-%m-%d}"))
    euc = collector(platform, "euc", days_ago=5)
    old = euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 3)).name
    euc.account.container("logs").create(
        f"{NOW - timedelta(days=4):%Y/%m/%d}/logs.json", b'{"resourceLogs":[]}\n'
    )
    euc.now = NOW
    young = euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 2)).name
    assert [(each.blobs, each.foreign) for each in preview_replication(platform).travelling] == [
        (1, 0)
    ]
    replicate(platform)
    assert names(platform, "central", "euc-logs") == [young]
    assert replicate(platform).nothing_new
    load(platform)
    books = keep_books(platform)
    assert books.problems == []
    assert books.totals[0].not_travelling == 3
    assert books.totals[0].loaded == 2
    assert take_status(platform).waiting == []
    # Nobody loads it, so it goes at its age, without grace and without an alarm.
    region = plan_retention(platform, now=NOW + timedelta(days=10)).stores[0]
    assert {going.removal.reason for going in region.blobs} == {"aged"}
    assert len(region.blobs) == 2
    replicate(platform, past=True)
    assert old in names(platform, "central", "euc-logs")
    assert len(names(platform, "central", "euc-logs")) == 3
    load(platform)
    books = keep_books(platform)
    assert (books.problems, books.totals[0].loaded, books.totals[0].not_travelling) == ([], 5, 0)
    assert replicate(platform, past=True).nothing_new


def test_status_tells_the_age_of_the_oldest_that_has_not_travelled(tmp_path: Path) -> None:
    platform = platform_of(tmp_path, TWO_STORES)
    euc = collector(platform, "euc", days_ago=2)
    euc.segment(Signal.TRACES, euc.requests(Signal.TRACES, 2))
    euc.now = NOW
    euc.segment(Signal.TRACES, euc.requests(Signal.TRACES, 4))
    euc.account.container("logs").create("2026/11/24/logs.json", b'{"resourceLogs":[]}\n')
    logs, traces = take_status(platform).waiting
    assert (logs.region, logs.signal, logs.blobs, logs.records) == ("euc", "logs", 1, 0)
    assert (traces.signal, traces.blobs, traces.records) == ("traces", 2, 6)
    assert traces.oldest == (NOW - timedelta(days=2)).replace(tzinfo=None)


@pytest.fixture
def by_azure(tmp_path: Path, azurite: object) -> tuple[Platform, Account, Account]:
    """Give two Azure accounts, of which the emulator copies nothing by itself."""
    source, central = next(azurite), next(azurite)  # type: ignore[call-overload]
    platform = platform_of(
        tmp_path,
        f"""
environment: play
regions:
  euc:
    store: {json.dumps(source)}
    ledger_by: azure
    routes: {{logs: {{route: replicate, by: azure}}}}
central: {{store: {json.dumps(central)}}}
""",
    )
    return platform, Account.open(source), Account.open(central)


def bring(source: Account, centre: Account, container: str, name: str | None = None) -> None:
    """Do what Azure's object replication does: copy blobs and what is written over them."""
    centre.ensure_container(f"euc-{container}")
    for info in source.container(container).list():
        if name in (None, info.name):
            data = source.container(container).read(info.name)
            centre.container(f"euc-{container}").replace(info.name, data)


def test_what_azure_copies_is_awaited_and_verified_and_never_written(
    by_azure: tuple[Platform, Account, Account],
) -> None:
    platform, source, centre = by_azure
    euc = collector(platform, "euc")
    first = euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 3))
    euc.account.container("logs").create("2026/11/24/logs.json", b'{"resourceLogs":[]}\n')
    (before,) = replicate(platform).regions
    assert (before.entries, before.entries_awaited, before.blobs) == (0, 2, {})
    assert not centre.container("euc-logs").exists(), "nothing is written"
    assert not centre.container("euc-ledger").exists()
    bring(source, centre, "ledger")
    (awaited,) = replicate(platform).regions
    assert (awaited.entries, awaited.entries_awaited, awaited.problems) == (2, 0, [])
    assert awaited.lags[Signal.LOGS].blobs == 2, "one of another exporter among them"
    (waiting,) = take_status(platform).waiting
    assert (waiting.signal, waiting.blobs) == ("logs", 2)
    bring(source, centre, "logs")
    (there,) = replicate(platform).regions
    assert (there.blobs, there.lags, there.problems) == ({Signal.LOGS: 1}, {}, [])
    assert replicate(platform).nothing_new
    loaded = load(platform)
    assert loaded.signals["euc", "logs"].records == 3
    assert keep_books(platform).problems == []
    assert verify(platform).findings == []
    assert first.name in {info.name for info in centre.container("euc-logs").list()}


def test_what_azure_brought_wrong_is_told(by_azure: tuple[Platform, Account, Account]) -> None:
    platform, source, centre = by_azure
    euc = collector(platform, "euc")
    segment = euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 3))
    bring(source, centre, "ledger")
    bring(source, centre, "logs")
    centre.container("euc-logs").replace(segment.name, b"{}\n")
    (wrong,) = replicate(platform).regions
    assert wrong.problems == [
        f"{centre.label}: euc-logs/{segment.name} is not what its ledger entry says"
    ]
    bring(source, centre, "logs", segment.name)
    (again,) = replicate(platform).regions
    assert (again.blobs, again.problems) == ({Signal.LOGS: 1}, [])


def test_azure_accounts_copy_among_themselves(tmp_path: Path, azurite: object) -> None:
    source, central = next(azurite), next(azurite)  # type: ignore[call-overload]
    text = SINCE.replace("file:./stores/euc", json.dumps(source)).replace(
        '"file:./stores/central"', json.dumps(central)
    )
    platform = platform_of(tmp_path, text.replace("{route: replicate, since: DAY}", "replicate"))
    euc = collector(platform, "euc")
    good = [euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 2)).name for _ in range(2)]
    harmed = euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 2)).name
    intact = euc.account.container("logs").read(harmed)
    euc.account.container("logs").replace(harmed, b"{}\n")
    (done,) = replicate(platform).regions
    assert (done.by_store, done.through_here) == (2, 0)
    assert len(done.problems) == 1
    assert harmed in done.problems[0]
    copies = Account.open(central).container("euc-logs")
    assert [info.name for info in copies.list()] == sorted(good), "what is wrong does not stay"
    euc.account.container("logs").replace(harmed, intact)
    copies.create(harmed, b"somebody else's")
    (conflict,) = replicate(platform).regions
    assert "holds another content" in conflict.problems[0]
    assert copies.read(harmed) == b"somebody else's"
    copies.remove(harmed)
    (again,) = replicate(platform).regions
    assert (again.by_store, again.problems) == (1, [])
    with pytest.raises(ContentConflict):
        copies.create(good[0], b"x")


def test_a_large_blob_of_another_exporter_passes_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mainstem.replicate.transfer.WHOLE_BYTES", 1000)
    monkeypatch.setattr("mainstem.replicate.transfer.PIECE_BYTES", 700)
    platform = platform_of(tmp_path, SINCE.replace("DAY", "2026-01-01"))
    content = bytes(range(256)) * 40
    logs = Account.open("file:./stores/euc", tmp_path).container("logs")
    logs.create("2026/11/24/logs.json", content)
    assert replicate(platform).regions[0].bytes == {Signal.LOGS: len(content)}
    copy = Account.open("file:./stores/central", tmp_path).container("euc-logs")
    assert copy.read("2026/11/24/logs.json") == content
    assert replicate(platform).nothing_new
    logs.replace("2026/11/24/logs.json", content + b"more")
    assert replicate(platform).regions[0].blobs == {Signal.LOGS: 1}
    assert copy.read("2026/11/24/logs.json") == content + b"more"
