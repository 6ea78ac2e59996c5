"""Each thing that can be done to what was written is found and named, and nothing else is."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb
import pytest
from builders import Collector, Segment

from mainstem.books import Breach, Finding, verify
from mainstem.config.platform import Platform, load_platform
from mainstem.load import load
from mainstem.records import Signal
from mainstem.replicate import replicate
from mainstem.store import LEDGER, Account

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime.now(UTC).replace(minute=10, second=0, microsecond=0)
PLATFORM = """
environment: play
regions:
  euc:
    store: file:./stores/euc
    routes: {logs: replicate, traces: none, metrics: none}
  aus: {residency: isolated}
central: {store: "file:./stores/central"}
"""
OTHER = "00000000000000bb"


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    (tmp_path / "mainstem.yaml").write_text(PLATFORM)
    return load_platform(tmp_path / "mainstem.yaml")


@pytest.fixture
def store(platform: Platform) -> Account:
    return Account.open("file:./stores/euc", platform.directory)


@pytest.fixture
def segments(platform: Platform, store: Account) -> list[Segment]:
    """Two instances' logs and traces, replicated and loaded, and no hour closed yet."""
    first, second = Collector(store, "euc", now=NOW), Collector(store, "euc", OTHER, now=NOW)
    written = [
        each.segment(signal, each.requests(signal, 3, 4))
        for each in (first, second)
        for signal in (Signal.LOGS, Signal.TRACES, Signal.LOGS)
    ]
    first.close_hour()
    replicate(platform)
    load(platform)
    return written


def breaches(platform: Platform) -> list[tuple[Breach, str]]:
    found = verify(platform)
    assert not found.unread
    assert found.isolated == ["aus"]
    return sorted({(finding.breach, finding.store) for finding in found.findings})


def only(platform: Platform, breach: Breach, store: str = "region") -> Finding:
    (finding,) = verify(platform).findings
    assert (finding.breach, finding.store) == (breach, store)
    return finding


def rewrite(platform: Platform, path: str, old: bytes, new: bytes) -> None:
    file = platform.directory / "stores" / path
    data = file.read_bytes()
    assert old in data
    file.write_bytes(data.replace(old, new, 1))


@pytest.mark.usefixtures("segments")
def test_what_nobody_touched_is_consistent(platform: Platform) -> None:
    found = verify(platform)
    assert found.findings == []
    assert found.consistent
    # Six segments, two beginnings and an end of an hour in both places; four blobs travelled.
    assert (found.entries, found.blobs, found.rows) == (18, 10, 28)


def test_a_blob_removed(platform: Platform, store: Account, segments: list[Segment]) -> None:
    store.container("traces").remove(segments[1].name)
    assert segments[1].name in only(platform, Breach.BLOB_REMOVED).place


def test_a_blob_removed_in_the_centre(platform: Platform, segments: list[Segment]) -> None:
    (platform.directory / "stores/central/euc-logs" / segments[0].name).unlink()
    assert segments[0].name in only(platform, Breach.BLOB_REMOVED, "centre").place


@pytest.mark.usefixtures("segments")
def test_a_blob_added(platform: Platform, store: Account) -> None:
    name = "2026/11/24/logs_01_02_03_00ff00ff00ff00ff.json"
    store.container("logs").create(name, b'{"resourceLogs":[]}\n')
    long_ago = time.time() - 30 * 3600
    os.utime(platform.directory / "stores/euc/logs" / name, (long_ago, long_ago))
    assert name in only(platform, Breach.BLOB_ADDED).place


def test_a_blob_altered(platform: Platform, segments: list[Segment]) -> None:
    rewrite(platform, f"euc/traces/{segments[1].name}", b"acme", b"emca")
    assert segments[1].name in only(platform, Breach.BLOB_ALTERED).place


def test_a_blob_truncated(platform: Platform, segments: list[Segment]) -> None:
    rewrite(platform, f"euc/traces/{segments[1].name}", b"acme", b"")
    assert segments[1].name in only(platform, Breach.BLOB_TRUNCATED).place


def test_the_lines_beside_an_entry_altered(platform: Platform, segments: list[Segment]) -> None:
    lines = platform.directory / "stores/euc/ledger" / segments[0].entry.replace(".json", ".lines")
    lines.write_bytes(lines.read_bytes()[::-1])
    only(platform, Breach.LINES_ALTERED)


def test_a_manifest_rewritten(platform: Platform, segments: list[Segment]) -> None:
    rewrite(platform, f"euc/ledger/{segments[0].entry}", b'"rejected":0', b'"rejected":7')
    assert "entry 1" in only(platform, Breach.ENTRY_REWRITTEN).place


def test_a_manifest_rewritten_before_any_load(platform: Platform, store: Account) -> None:
    euc = Collector(store, "euc", now=NOW)
    first = euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 3))
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 2))
    rewrite(platform, f"euc/ledger/{first.entry}", b'"rejected":0', b'"rejected":7')
    assert "entry 1" in only(platform, Breach.ENTRY_REWRITTEN).place


def test_an_entry_removed_from_the_middle(
    platform: Platform, store: Account, segments: list[Segment]
) -> None:
    store.container(LEDGER).remove(segments[0].entry)
    assert (Breach.ENTRY_REMOVED, "region") in breaches(platform)


def test_a_chain_cut_at_its_end(
    platform: Platform, store: Account, segments: list[Segment]
) -> None:
    store.container(LEDGER).remove(segments[5].entry)
    assert "entry 3" in only(platform, Breach.CHAIN_CUT).detail


@pytest.mark.usefixtures("segments")
def test_a_whole_instance_removed(platform: Platform, store: Account) -> None:
    ledger = store.container(LEDGER)
    for info in list(ledger.list()):
        if OTHER in info.name:
            ledger.remove(info.name)
    assert OTHER in only(platform, Breach.INSTANCE_REMOVED).place


@pytest.mark.parametrize(
    ("sql", "breach"),
    [
        ("DELETE FROM bronze.otel_logs WHERE", Breach.ROW_DELETED),
        ("INSERT INTO bronze.otel_logs FROM bronze.otel_logs WHERE", Breach.ROW_DOUBLED),
        ("UPDATE bronze.otel_logs SET tenant_id = 'other' WHERE", Breach.ROW_ALTERED),
    ],
)
def test_a_row_deleted_doubled_or_altered(
    platform: Platform, segments: list[Segment], sql: str, breach: Breach
) -> None:
    with duckdb.connect(str(platform.warehouse_path)) as connection:
        connection.execute(f"{sql} blob = ? AND line = 0 AND ordinal = 0", (segments[0].name,))
    finding = only(platform, breach, "warehouse")
    assert finding.place == f"bronze.otel_logs, {segments[0].name}"
    assert "1" in finding.detail
