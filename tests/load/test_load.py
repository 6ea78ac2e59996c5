"""Loading: every record once, whatever happens to blobs, requests and times."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from builders import Collector, Request

from mainstem.config.platform import Platform, load_platform
from mainstem.errors import Transient
from mainstem.load import load
from mainstem.records import Signal
from mainstem.replicate import replicate
from mainstem.store import Account
from mainstem.warehouse import WarehouseBusy, bring_forward, open_warehouse

if TYPE_CHECKING:
    from pathlib import Path

    from mainstem.load import LoadResult

NOW = datetime.now(UTC).replace(minute=10, second=0, microsecond=0)
PLATFORM = """
environment: play
regions:
  euc:
    store: file:./stores/euc
    routes: {logs: replicate, traces: none, metrics: replicate}
central:
  store: file:./stores/central
warehouse: duckdb:./warehouse.duckdb
"""
HOME = """
environment: play
home: aus
regions:
  aus: {residency: isolated, store: "file:./stores/aus"}
warehouse: duckdb:./warehouse.duckdb
"""


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    (tmp_path / "mainstem.yaml").write_text(PLATFORM)
    return load_platform(tmp_path / "mainstem.yaml")


@pytest.fixture
def euc(platform: Platform) -> Collector:
    return collector(platform, "euc")


def collector(platform: Platform, region: str, **more: Any) -> Collector:
    store = Account.open(f"file:./stores/{region}", platform.directory)
    return Collector(store, region, now=NOW, **more)


def bring(platform: Platform) -> LoadResult:
    replicate(platform)
    return load(platform)


def query(platform: Platform, sql: str) -> list[Any]:
    with open_warehouse(platform, read_only=True) as warehouse:
        rows = warehouse.query(sql)
    return [row[0] if len(row) == 1 else row for row in rows]


def test_records_load_with_their_lineage(platform: Platform, euc: Collector) -> None:
    logs = euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 3, 2))
    euc.segment(Signal.METRICS, euc.requests(Signal.METRICS, 4))
    euc.segment(Signal.TRACES, euc.requests(Signal.TRACES, 4))
    result = bring(platform)
    assert result.load_id == 1
    assert {key: found.records for key, found in result.signals.items()} == {
        ("euc", "logs"): 5,
        ("euc", "metrics"): 4,
    }
    assert query(
        platform,
        "SELECT region, environment, blob, line, ordinal, service_name, tenant_id, load_id "
        "FROM bronze.otel_logs ORDER BY line, ordinal",
    ) == [
        ("euc", "play", logs.name, line, ordinal, "contoso", "acme", 1)
        for line, count in enumerate((3, 2))
        for ordinal in range(count)
    ]
    assert query(platform, "SELECT count(DISTINCT record_id) FROM bronze.otel_logs") == [5]
    assert query(platform, "SELECT count(*) FROM bronze.otel_spans") == [0], "does not travel"
    assert query(
        platform,
        "SELECT load_id, signal, event_date, region FROM bronze.load_touched ORDER BY signal",
    ) == [(1, "logs", NOW.date(), "euc"), (1, "metrics", NOW.date(), "euc")]
    received = query(platform, "SELECT DISTINCT received_at FROM bronze.otel_logs")
    assert received == [NOW.replace(tzinfo=None)], "of the line's commit"
    assert query(
        platform, "SELECT kind, count(*), sum(stored)::INT FROM bronze.ledger GROUP BY 1 ORDER BY 1"
    ) == [("genesis", 1, 0), ("segment", 3, 13)]


def test_again_with_nothing_new_changes_nothing(platform: Platform, euc: Collector) -> None:
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 3))
    euc.close_hour()
    assert not bring(platform).nothing_new
    before = dump(platform)
    assert bring(platform).nothing_new
    assert dump(platform) == before
    euc.write_entry("heartbeat")
    assert bring(platform).nothing_new, "a heartbeat alone is no load"
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 3))
    assert bring(platform).load_id == 2, "dense"


def dump(platform: Platform) -> dict[str, list[Any]]:
    tables = query(
        platform,
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'bronze'",
    )
    return {table: query(platform, f"FROM bronze.{table} ORDER BY ALL") for table in tables}


def test_a_request_to_two_collectors_is_loaded_once(platform: Platform, euc: Collector) -> None:
    other = collector(platform, "euc", instance="00000000000000bb")
    same = Request.of(Signal.LOGS, NOW, 3)
    euc.segment(Signal.LOGS, [same])
    other.segment(Signal.LOGS, [*other.requests(Signal.LOGS, 2), same])
    result = bring(platform)
    found = result.signals["euc", "logs"]
    assert (found.records, found.duplicate) == (5, 3)
    assert query(platform, "SELECT count(DISTINCT record_id) FROM bronze.otel_logs") == [5]


def test_a_late_repeat_is_found_in_either_order_of_loading(
    platform: Platform, euc: Collector
) -> None:
    same = Request.of(Signal.LOGS, NOW, 3)
    euc.segment(Signal.LOGS, [same])
    bring(platform)
    late = collector(platform, "euc", instance="00000000000000bb")
    late.now = NOW - timedelta(hours=23)
    late.segment(Signal.LOGS, [same])
    assert bring(platform).signals["euc", "logs"].duplicate == 3


def test_the_same_request_a_day_later_is_another(platform: Platform, euc: Collector) -> None:
    euc.now = NOW - timedelta(hours=25)
    same = Request.of(Signal.LOGS, NOW, 3)
    euc.segment(Signal.LOGS, [same])
    euc.now = NOW
    euc.segment(Signal.LOGS, [same])
    assert bring(platform).signals["euc", "logs"].records == 6


def test_late_blobs_and_entries_are_found(platform: Platform, euc: Collector) -> None:
    late = euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 2))
    path = platform.directory / "stores" / "euc" / "logs" / late.name
    content = path.read_bytes()
    path.unlink()
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 3))
    assert bring(platform).signals["euc", "logs"].records == 3
    path.write_bytes(content)
    second = bring(platform)
    assert (second.load_id, second.signals["euc", "logs"].records) == (2, 2)
    assert query(platform, "SELECT load_id FROM bronze.load_touched ORDER BY 1") == [1, 2]


def test_our_blob_without_its_entry_is_not_loaded(platform: Platform, euc: Collector) -> None:
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 2))
    bring(platform)
    central = Account.open("file:./stores/central", platform.directory).container("euc-logs")
    central.create("2026/11/24/logs_00_00_00_00000000000000ff.json", b"{}")
    assert bring(platform).nothing_new


def test_a_changed_blob_of_ours_goes_to_quarantine(platform: Platform, euc: Collector) -> None:
    bad = euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 2))
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 3))
    replicate(platform)
    path = platform.directory / "stores" / "central" / "euc-logs" / bad.name
    good = path.read_bytes()
    path.write_bytes(good.replace(b"log", b"dog", 1))
    result = load(platform)
    found = result.signals["euc", "logs"]
    assert (found.records, found.quarantined) == (3, 2)
    assert len(result.problems) == 1
    assert query(platform, "SELECT blob, code, records FROM bronze.quarantine") == [
        (bad.name, "blob_differs_from_its_entry", 2)
    ]
    assert load(platform).nothing_new
    path.write_bytes(good)
    assert load(platform).signals["euc", "logs"].records == 2, "once it is mended"
    assert load(platform).nothing_new


def test_a_blob_changed_after_its_load_is_told_once(platform: Platform, euc: Collector) -> None:
    segment = euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 2))
    bring(platform)
    path = platform.directory / "stores" / "central" / "euc-logs" / segment.name
    path.write_bytes(path.read_bytes())
    assert load(platform).nothing_new, "written again, the same content"
    path.write_bytes(b"{}")
    result = load(platform)
    assert len(result.problems) == 1
    assert query(platform, "SELECT code FROM bronze.quarantine") == ["blob_changed_after_its_load"]
    assert query(platform, "SELECT count(*) FROM bronze.otel_logs") == [2]
    assert load(platform).nothing_new


def test_a_bad_line_goes_to_quarantine_and_the_rest_goes_on(
    platform: Platform, euc: Collector
) -> None:
    good = euc.requests(Signal.LOGS, 2, 3)
    broken = Request(b'{"resourceLogs":[{"scopeLogs"', 4, b"d" * 16)
    segment = euc.segment(Signal.LOGS, [good[0], broken, good[1]])
    found = bring(platform).signals["euc", "logs"]
    assert (found.records, found.quarantined) == (5, 4)
    rows = query(platform, "SELECT blob, line FROM bronze.quarantine")
    assert rows == [(segment.name, 1)]
    offset = query(platform, "SELECT byte_offset FROM bronze.quarantine")[0]
    assert 0 <= offset <= len(broken.data), "from the line's start"
    assert "scopeLogs" not in str(query(platform, "FROM bronze.quarantine"))


def test_a_foreign_blob_is_loaded_and_replaced(platform: Platform, euc: Collector) -> None:
    name = "2026/11/24/logs_12_00_00.json_1234"
    container = euc.account.container("logs")
    container.create(name, Request.of(Signal.LOGS, NOW, 3).data)
    first = bring(platform)
    assert first.signals["euc", "logs"].records == 3
    assert bring(platform).nothing_new
    earlier = Request.of(Signal.LOGS, NOW - timedelta(days=3), 2)
    container.replace(name, earlier.data)
    second = bring(platform)
    assert second.signals["euc", "logs"].records == 2
    assert query(platform, "SELECT count(*) FROM bronze.otel_logs") == [2]
    touched = query(
        platform, "SELECT event_date FROM bronze.load_touched WHERE load_id = 2 ORDER BY 1"
    )
    assert touched == [earlier_date(3), NOW.date()], "the days that rows left, and came to"
    assert bring(platform).nothing_new


def earlier_date(days: int) -> object:
    return (NOW - timedelta(days=days)).date()


def test_an_isolated_region_is_loaded_in_place(tmp_path: Path) -> None:
    (tmp_path / "mainstem.yaml").write_text(HOME)
    platform = load_platform(tmp_path / "mainstem.yaml")
    aus = collector(platform, "aus")
    for signal in Signal:
        aus.segment(signal, aus.requests(signal, 3))
    aus.segment(Signal.LOGS, aus.requests(Signal.LOGS, 2), container_class="logs-local")
    result = bring(platform)
    assert {key: found.records for key, found in result.signals.items()} == {
        ("aus", "logs"): 5,
        ("aus", "metrics"): 3,
        ("aus", "traces"): 3,
    }
    assert bring(platform).nothing_new


def test_closed_hours_are_read_from_one_object(platform: Platform, euc: Collector) -> None:
    for _ in range(3):
        euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 1))
    euc.close_hour()
    replicate(platform)
    ledger = platform.directory / "stores" / "central" / "euc-ledger"
    entries = sorted(ledger.rglob("*.json"))
    for entry in entries[1:-1]:
        entry.write_bytes(b"{}")  # not looked at: hour_closed holds them again
    assert load(platform).signals["euc", "logs"].records == 3
    assert load(platform).nothing_new


def test_an_unreadable_entry_is_told(platform: Platform, euc: Collector) -> None:
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 1))
    segment = euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 1))
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 1))
    replicate(platform)
    path = platform.directory / "stores" / "central" / "euc-ledger" / segment.entry
    good = path.read_bytes()
    path.write_bytes(good[:-5])
    result = load(platform)
    assert result.signals["euc", "logs"].records == 2
    assert segment.entry in result.problems[0]
    path.write_bytes(good)
    assert load(platform).signals["euc", "logs"].records == 1


def test_a_held_warehouse_is_named(platform: Platform, euc: Collector) -> None:
    load(platform)
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held'); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-u", "-c", hold, str(platform.warehouse_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    try:
        with pytest.raises(WarehouseBusy, match=f"process {holder.pid}"):
            load(platform)
    finally:
        holder.communicate()
    load(platform)


def test_a_new_column_is_added(platform: Platform, euc: Collector) -> None:
    load(platform)
    with duckdb.connect(str(platform.warehouse_path)) as connection:
        connection.execute("ALTER TABLE bronze.otel_logs DROP COLUMN event_name")
        connection.execute("DROP TABLE bronze.schema_versions")
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 1))
    bring(platform)
    assert query(platform, "SELECT event_name FROM bronze.otel_logs") == ["feature.used"]


def test_over_azure(tmp_path: Path, azurite_account: str) -> None:
    address = f'"{azurite_account}"'
    (tmp_path / "mainstem.yaml").write_text(
        PLATFORM.replace("file:./stores/euc", address).replace("file:./stores/central", address)
    )
    platform = load_platform(tmp_path / "mainstem.yaml")
    store = Account.open(azurite_account)
    euc = Collector(store, "euc", now=NOW)
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 3))
    store.container("logs").create("foreign.json", Request.of(Signal.LOGS, NOW, 2).data)
    assert bring(platform).signals["euc", "logs"].records == 5
    assert bring(platform).nothing_new


def test_a_failure_in_a_step_leaves_nothing_of_it(platform: Platform, euc: Collector) -> None:
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 3))
    bad = euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 3))
    replicate(platform)
    refuse = f"CHECK (blob <> '{bad.name}')"
    with open_warehouse(platform) as warehouse:
        bring_forward(warehouse)
    with duckdb.connect(str(platform.warehouse_path)) as connection:
        ((made,),) = connection.execute(
            "SELECT sql FROM duckdb_tables() WHERE table_name = 'load_blobs'"
        ).fetchall()
        connection.execute("DROP TABLE bronze.load_blobs")
        connection.execute(made.replace(");", f", {refuse});"))
    with pytest.raises(Transient, match="ConstraintException") as caught:
        load(platform)
    assert bad.name not in str(caught.value)
    assert query(platform, "SELECT count(*) FROM bronze.otel_logs") == [0]
    assert query(platform, "SELECT count(*) FROM bronze.loads") == [0]
    with duckdb.connect(str(platform.warehouse_path)) as connection:
        connection.execute("DROP TABLE bronze.load_blobs")
        connection.execute(made)
    result = load(platform)
    assert (result.load_id, result.signals["euc", "logs"].records) == (1, 6)
