"""Of a signal's classes one travels and is loaded; the books have a line for each of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb
import pytest
from builders import Collector

from mainstem.books import keep_books
from mainstem.config.platform import Platform, load_platform
from mainstem.load import load
from mainstem.records import Signal
from mainstem.replicate import replicate
from mainstem.retain import plan_retention
from mainstem.store import Account

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime.now(UTC).replace(minute=10, second=0, microsecond=0)
CENTRAL = """
environment: play
regions: {euc: {store: 'file:./store'}}
central: {store: 'file:./central'}
"""
HOME = """
environment: play
home: euc
regions: {euc: {store: 'file:./store', residency: isolated}}
"""


def stand(folder: Path, text: str) -> tuple[Platform, Collector]:
    (folder / "mainstem.yaml").write_text(text)
    platform = load_platform(folder / "mainstem.yaml")
    return platform, Collector(Account.open("file:./store", folder), "euc", now=NOW)


def write(euc: Collector) -> None:
    """A segment of each class; the appended one's blob is at the end of an append blob."""
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 1))
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 2), container_class="logs-local")
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 4), container_class="logs-sampled")
    elsewhere = euc.requests(Signal.LOGS, 8)
    euc.segment(Signal.LOGS, elsewhere, container_class="logs-other-store", upload_blob=False)
    appended = euc.requests(Signal.LOGS, 16)
    euc.segment(Signal.LOGS, appended, container_class="logs-converted", upload_blob=False)
    blobs = euc.account.container("logs-converted")
    blobs.create("2026/11/24/logs_10.json", appended[0].data + b"\r\n")


@pytest.mark.parametrize(
    ("text", "loaded"),
    [
        pytest.param(CENTRAL, {"logs": 1 + 16}, id="central"),
        pytest.param(HOME, {"logs": 1 + 16, "logs-local": 2}, id="at home"),
    ],
)
def test_each_class_ends_where_it_should(tmp_path: Path, text: str, loaded: dict[str, int]) -> None:
    platform, euc = stand(tmp_path, text)
    write(euc)
    euc.close_hour()
    if platform.central is not None:
        replicate(platform)
        centre = Account.open("file:./central", tmp_path)
        copies = [info.name for info in centre.container("euc-logs").list()]
        assert len(copies) == 2, "the signal's own, and the append blob"
    load(platform)
    books = keep_books(platform, recount=True)
    assert books.problems == []
    stored = {
        "logs": 1 + 16,
        "logs-local": 2,
        "logs-sampled": 4,
        "logs-other-store": 8,
        "logs-converted": 16,
    }
    totals = {line.record_class: line for line in books.totals}
    assert {name: line.stored for name, line in totals.items()} == stored
    assert {name: line.loaded for name, line in totals.items() if line.loaded} == loaded
    assert {name: line.not_travelling for name, line in totals.items()} == {
        name: stored[name] - loaded.get(name, 0) for name in stored
    }
    with duckdb.connect(str(platform.warehouse_path), read_only=True) as connection:
        rows = connection.execute(
            "SELECT count(*), count(DISTINCT record_id) FROM bronze.otel_logs"
        )
        assert rows.fetchone() == (sum(loaded.values()),) * 2
    assert plan_retention(platform).stores[0].stops == []


def test_what_is_kept_and_gone_before_its_time_is_told(tmp_path: Path) -> None:
    platform, euc = stand(tmp_path, CENTRAL)
    kept = euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 2), container_class="logs-local")
    (tmp_path / "store" / "logs-local" / kept.name).unlink()
    problems = keep_books(platform).problems
    assert any(
        "logs-local" in problem and problem.endswith("is gone before its time")
        for problem in problems
    )
