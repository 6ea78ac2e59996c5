"""Retention: what is too old goes, everything else stays, and the books know why."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import Collector, Request

from mainstem.books import keep_books
from mainstem.config.platform import Platform, load_platform
from mainstem.load import load
from mainstem.privacy import SigningKey
from mainstem.records import Signal
from mainstem.replicate import replicate
from mainstem.retain import Plan, StorePlan, lifecycle_rules, plan_retention, retain
from mainstem.store import Account, Reason, is_head, read_removals

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime.now(UTC).replace(minute=10, second=0, microsecond=0)
PLATFORM = """
environment: play
regions:
  euc:
    store: {store}
    routes: {{logs: replicate, traces: none, metrics: none}}
    retention: {{days: 14, signals: {{traces: 7}}}}
  aus:
    residency: isolated
central:
  store: file:./stores/central
"""


def platform_at(tmp_path: Path, store: str = "file:./stores/euc") -> Platform:
    (tmp_path / "mainstem.yaml").write_text(PLATFORM.format(store=json.dumps(store)))
    return load_platform(tmp_path / "mainstem.yaml")


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    return platform_at(tmp_path)


def collector(platform: Platform, days_ago: float = 0, **more: Any) -> Collector:
    store = Account.open(platform.regions["euc"].store or "", platform.directory)
    return Collector(store, "euc", now=NOW - timedelta(days=days_ago), **more)


def segments(euc: Collector, signal: Signal, *days_ago: float) -> list[str]:
    """Write a segment of 3 records for each age, the oldest first."""
    names = []
    for days in days_ago:
        euc.now = NOW - timedelta(days=days)
        names.append(euc.segment(signal, euc.requests(signal, 3)).name)
    return names


def of(plan: Plan, store: str) -> StorePlan:
    return next(each for each in plan.stores if each.store == store)


def names(platform: Platform, container: str, store: str = "euc") -> list[str]:
    account = Account.open(f"file:./stores/{store}", platform.directory)
    return [info.name for info in account.container(container).list()]


def bring(platform: Platform) -> None:
    replicate(platform)
    load(platform)


def test_what_is_loaded_goes_at_its_age_everywhere(platform: Platform) -> None:
    euc = collector(platform, 16)
    old, *young = segments(euc, Signal.LOGS, 15, 13, 1, 0)
    bring(platform)
    plan = plan_retention(platform)
    assert plan.isolated == ["aus"]
    for store in plan.stores:
        assert [going.removal.name for going in store.blobs] == [old]
        assert (store.stops, store.alarms) == ([], [])
        logs = store.holdings[0]
        assert (logs.signal, logs.blobs, logs.going, logs.unloaded) == ("logs", 4, 1, 0)
        assert logs.oldest == (NOW - timedelta(days=15)).replace(minute=0, tzinfo=None)
        assert 0 < logs.going_bytes < logs.bytes
    assert len(names(platform, "logs")) == 4, "a plan changes nothing"
    done = retain(plan)
    assert done.blobs == {("euc", "region"): 1, ("euc", "centre"): 1}
    assert names(platform, "logs") == young
    assert names(platform, "euc-logs", "central") == young
    books = keep_books(platform)
    assert (books.problems, books.totals[0].loaded) == ([], 12)
    assert load(platform).nothing_new
    assert not any(store.blobs for store in plan_retention(platform).stores)


def test_a_step_names_what_it_removed(platform: Platform) -> None:
    euc = collector(platform, 16)
    old, *_ = segments(euc, Signal.LOGS, 15, 1, 0)
    bring(platform)
    data = euc.account.container("logs").read(old)
    retain(plan_retention(platform))
    (step,) = read_removals(euc.account.container("retention"), "euc")
    (removal,) = step.removals
    assert (removal.container, removal.name, removal.bytes) == ("logs", old, len(data))
    assert removal.reason is Reason.AGED
    assert removal.since == (NOW - timedelta(days=15)).strftime("%Y-%m-%dT%H:00:00Z")
    entry = next(entry for _, entry in euc.hour if entry["blob"]["name"] == old)
    assert removal.sha256 == entry["blob"]["sha256"]
    assert abs(time.time_ns() - step.at_unix_nano) < 60e9


def test_notes_of_reads_have_days_of_their_own(platform: Platform) -> None:
    euc = collector(platform, 1)
    segments(euc, Signal.LOGS, 0)
    bring(platform)
    reads = euc.account.container("reads")
    days = (401, 399, 3)
    notes = [f"{NOW - timedelta(days=days_ago):%Y/%m/%d}/1-{days_ago}.json" for days_ago in days]
    for name in notes:
        reads.create(name, b"{}")
    region = of(plan_retention(platform), "region")
    assert (region.reads, region.stops) == (notes[:1], [])
    assert [(h.signal, h.blobs, h.going) for h in region.holdings][-1] == ("reads", 3, 1)
    done = retain(plan_retention(platform))
    assert done.reads == {("euc", "region"): 1}
    assert [info.name for info in reads.list()] == sorted(notes[1:])
    (step,) = read_removals(euc.account.container("retention"), "euc")
    assert step.ledger.reads_before == f"{NOW - timedelta(days=400):%Y/%m/%d}"
    later = of(plan_retention(platform, now=NOW + timedelta(days=1, hours=23)), "region")
    assert (later.reads, later.stops) == (notes[1:2], []), "one of two is not more than half"


def test_what_is_not_loaded_stays_for_its_grace_and_goes_with_an_alarm(platform: Platform) -> None:
    euc = collector(platform, 23)
    lost, _, _, _ = segments(euc, Signal.LOGS, 22, 20, 1, 0)
    plan = plan_retention(platform)
    region = of(plan, "region")
    assert [going.removal.name for going in region.blobs] == [lost]
    assert region.blobs[0].removal.reason is Reason.UNLOADED
    assert region.alarms == [
        "euc logs (region): 1 blobs with 3 records by their entries were not loaded in time"
    ]
    retain(plan)
    bring(platform)
    books = keep_books(platform)
    (logs,) = books.totals
    assert books.problems == []
    assert (logs.stored, logs.expired, logs.loaded) == (12, 3, 9)


def test_signals_that_nobody_loads_have_no_grace_and_their_own_days(platform: Platform) -> None:
    euc = collector(platform, 9)
    old, *young = segments(euc, Signal.TRACES, 8, 6, 0)
    plan = plan_retention(platform)
    assert [going.removal.name for going in of(plan, "region").blobs] == [old]
    assert of(plan, "region").alarms == []
    retain(plan)
    assert names(platform, "traces") == young
    books = keep_books(platform)
    assert (books.problems, books.totals[0].not_travelling) == ([], 9)


def test_a_record_explains_what_is_gone_before_its_time(tmp_path: Path) -> None:
    """Days that were fewer when a blob was removed are no alarm when they are more again."""
    platform = platform_at(tmp_path)
    euc = collector(platform, 6)
    segments(euc, Signal.LOGS, 5, 0, 0)
    path = tmp_path / "mainstem.yaml"
    path.write_text(path.read_text().replace("days: 14", "days: 1, grace_days: 1"))
    retain(plan_retention(load_platform(path)))
    path.write_text(path.read_text().replace("days: 1, grace_days: 1", "days: 14"))
    platform = load_platform(path)
    bring(platform)
    books = keep_books(platform)
    assert (books.problems, books.totals[0].expired) == ([], 3)
    record = next((tmp_path / "stores/euc/retention/euc").iterdir())
    record.write_bytes(record.read_bytes().replace(b"unloaded", b"whatever"))
    problems = keep_books(platform).problems
    assert any("is gone before its time" in problem for problem in problems)
    assert any("is not of format mainstem.retention/1" in problem for problem in problems)


def test_a_load_does_not_ask_for_what_was_removed(platform: Platform) -> None:
    """A warehouse that begins anew finds what is there, and the rest expired."""
    euc = collector(platform, 16)
    segments(euc, Signal.LOGS, 15, 1, 0)
    bring(platform)
    retain(plan_retention(platform))
    platform.warehouse_path.unlink()
    result = load(platform)
    assert (result.problems, result.signals["euc", "logs"].records) == ([], 6)
    (logs,) = keep_books(platform).totals
    assert (logs.loaded, logs.expired, logs.pending) == (6, 3, 0)


def test_foreign_blobs_and_orphans_go_by_the_time_in_their_names(platform: Platform) -> None:
    euc = collector(platform, 30)
    logs = euc.account.container("logs")
    data = Request.of(Signal.LOGS, NOW, 3).data
    named = (NOW - timedelta(days=15)).strftime("%Y/%m/%d/logs_%H_%M_%S.json_1234")
    logs.create(named, data)
    logs.create("plain.json", data)
    bring(platform)
    euc.now = NOW - timedelta(days=22)
    orphan = euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 2), upload_entry=False)
    segments(euc, Signal.LOGS, 0, 0, 0)
    plan = plan_retention(platform)
    going = {each.removal.name: each.removal.reason for each in of(plan, "region").blobs}
    assert going == {named: Reason.AGED, orphan.name: Reason.UNLOADED}
    retain(plan)
    steps = read_removals(euc.account.container("retention"), "euc")
    assert all(len(removal.sha256) == 64 for step in steps for removal in step.removals)
    assert {named, orphan.name}.isdisjoint(names(platform, "logs"))
    replicate(platform)
    assert names(platform, "euc-logs", "central").count(named) == 0, "it does not come again"
    os.utime(platform.directory / "stores/euc/logs/plain.json", (time.time() - 15 * 86400,) * 2)
    assert [each.removal.name for each in of(plan_retention(platform), "region").blobs] == [
        "plain.json"
    ]


def test_the_ledger_goes_after_400_days_and_the_chain_still_holds(platform: Platform) -> None:
    euc = collector(platform, 403)
    segments(euc, Signal.TRACES, 402, 401.5, 390, 20, 1, 0)
    for name in [name for name in names(platform, "traces") if name < f"{NOW.year}"]:
        (platform.directory / "stores/euc/traces" / name).unlink()
    plan = plan_retention(platform)
    region = of(plan, "region")
    entries = [name for name in region.ledger if name.endswith(".json")]
    assert len(entries) == 3
    assert len(region.ledger) - len(entries) == 3, "lines are needed as long as blobs are"
    retain(plan, insist=True)
    assert len(names(platform, "ledger")) == 7
    assert keep_books(platform).problems == []
    gap = next(name for name in names(platform, "ledger") if name.endswith("3.json"))
    (platform.directory / "stores/euc/ledger" / gap).unlink()
    assert (
        "entry 0 to 3 of instance 00000000000000aa is missing" in keep_books(platform).problems[0]
    )


def test_signed_heads_go_with_their_entries(platform: Platform) -> None:
    euc = collector(platform, 403, signer=SigningKey.generate())
    segments(euc, Signal.TRACES, 402, 390, 20)
    euc.close_hour()
    going = [name for name in of(plan_retention(platform), "region").ledger if is_head(name)]
    assert [name.rpartition("/")[2] for name in going] == ["000000000000.head"]
    assert len([name for name in names(platform, "ledger") if is_head(name)]) == 2


def test_most_of_a_store_goes_only_when_told(platform: Platform) -> None:
    euc = collector(platform, 17)
    segments(euc, Signal.LOGS, 16, 15, 0)
    bring(platform)
    plan = plan_retention(platform)
    assert of(plan, "region").stops == ["2 of its 3 blobs would go at once"]
    assert (retain(plan).blobs, len(names(platform, "logs"))) == ({}, 3)
    assert retain(plan, insist=True).blobs["euc", "region"] == 2
    assert len(names(platform, "logs")) == 1


@pytest.mark.parametrize(
    ("off", "reason"),
    [(timedelta(days=-2), "in the future"), (timedelta(days=3), "the clock has jumped")],
)
def test_a_clock_that_jumped_removes_nothing(
    platform: Platform, off: timedelta, reason: str
) -> None:
    euc = collector(platform, 17)
    segments(euc, Signal.LOGS, 16.5, 1, 0.5, 0)
    bring(platform)
    plan = plan_retention(platform, now=datetime.now(UTC) + off)
    assert all(reason in store.stops[0] for store in plan.stores)
    assert (retain(plan).blobs, len(names(platform, "logs"))) == ({}, 4)


def test_an_empty_listing_or_ledger_is_doubted(platform: Platform) -> None:
    euc = collector(platform, 2)
    segments(euc, Signal.LOGS, 1, 0)
    stores = platform.directory / "stores" / "euc"
    (stores / "logs").rename(stores / "away")
    assert of(plan_retention(platform), "region").stops == [
        "it lists no blob, and by the ledger 2 must be there"
    ]
    (stores / "away").rename(stores / "logs")
    (stores / "ledger").rename(stores / "away")
    assert of(plan_retention(platform), "region").stops == [
        "its ledger is empty, and 2 blobs of our collectors are there"
    ]


def test_a_run_that_died_is_finished_by_the_next(platform: Platform) -> None:
    """Recorded and not removed: the next run removes it, and records nothing twice."""
    euc = collector(platform, 16)
    segments(euc, Signal.LOGS, 15, 1, 0)
    bring(platform)
    plan = plan_retention(platform)
    removed = (euc.account.container("logs"), plan.stores[0].blobs[0].removal.name)
    data = removed[0].read(removed[1])
    retain(plan)
    removed[0].create(removed[1], data)
    assert keep_books(platform).problems == []
    again = plan_retention(platform)
    assert of(again, "region").blobs[0].recorded
    assert retain(again).blobs == {("euc", "region"): 1}
    assert len(list(read_removals(euc.account.container("retention"), "euc"))) == 1


def test_a_region_in_azure(tmp_path: Path, azurite_account: str) -> None:
    platform = platform_at(tmp_path, azurite_account)
    euc = collector(platform, 16)
    old, *young = segments(euc, Signal.LOGS, 15, 14.5, 1, 0, 0)
    bring(platform)
    plan = plan_retention(platform)
    assert retain(plan).blobs == {("euc", "region"): 2, ("euc", "centre"): 2}
    left = [info.name for info in euc.account.container("logs").list()]
    assert left == sorted(young[1:])
    assert old not in left
    assert retain(plan).blobs == {("euc", "region"): 0, ("euc", "centre"): 0}, "gone is gone"
    assert keep_books(platform).problems == []


def test_a_region_that_cannot_be_reached_keeps_everything(tmp_path: Path) -> None:
    gone = "AccountName=a;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:1/a"
    plan = plan_retention(platform_at(tmp_path, gone))
    assert (plan.stores, list(plan.unread)) == ([], ["euc"])


def test_rules_for_stores_that_have_them(tmp_path: Path) -> None:
    path = tmp_path / "mainstem.yaml"
    path.write_text(
        "environment: play\nregions:\n"
        "  euc: {store: 'az://contosoeuc', retention: {days: 10, signals: {traces: 3}}}\n"
        "  use: {store: 's3://bucket/use'}\n"
        "  cac: {store: 'gs://cac'}\n"
        "  loc: {store: 'file:./loc'}\n"
        "central: {store: 'az://contosocentral'}\n"
    )
    rules = {each.account: each for each in lifecycle_rules(load_platform(path))}
    azure = rules["az://contosoeuc"].document
    assert azure is not None
    by_prefix = {
        rule["definition"]["filters"]["prefixMatch"][0]: rule["definition"]["actions"]
        for rule in azure["rules"]
    }
    days = {
        p: a["baseBlob"]["delete"]["daysAfterCreationGreaterThan"] for p, a in by_prefix.items()
    }
    assert days == {
        "traces/": 3,
        "logs/": 10,
        "metrics/": 10,
        "index/": 10,
        "ledger/": 400,
        "reads/": 400,
    }
    assert all("version" in actions and "snapshot" in actions for actions in by_prefix.values())
    central = rules["az://contosocentral"].document
    assert central is not None
    assert len(central["rules"]) == 8, "one policy an account: logs and ledger of four regions"
    s3 = rules["s3://bucket"].document
    assert s3 is not None
    assert s3["Rules"][0]["Filter"] == {"Prefix": "use/traces/"}
    gs = rules["gs://cac"].document
    assert gs is not None
    assert gs["rule"][0]["condition"] == {"age": 14, "matchesPrefix": ["traces/"]}
    assert [each.document for name, each in rules.items() if name.startswith("file:")] == [None]
