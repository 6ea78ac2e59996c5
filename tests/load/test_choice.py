"""A load of a part, of a day again, and a backfill that is killed and goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from builders import Collector, Request, line, record
from typer.testing import CliRunner

from mainstem.books import keep_books
from mainstem.cli.load import app
from mainstem.config.platform import Platform, load_platform
from mainstem.errors import UsageError
from mainstem.load import Choice, load, preview_load
from mainstem.records import Signal
from mainstem.store import Account

if TYPE_CHECKING:
    from pathlib import Path

PLATFORM = """
environment: play
home: aus
regions:
  aus: {residency: isolated, store: "file:./stores/aus", retention: {days: 45}}
"""
TODAY = datetime.now(UTC).replace(hour=0, minute=5, second=0, microsecond=0) - timedelta(days=1)


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    (tmp_path / "mainstem.yaml").write_text(PLATFORM)
    return load_platform(tmp_path / "mainstem.yaml")


@pytest.fixture
def aus(platform: Platform) -> Collector:
    account = Account.open("file:./stores/aus", platform.directory)
    return Collector(account, "aus", now=TODAY - timedelta(days=3))


def rows(platform: Platform) -> list[Any]:
    """All rows but for the load that put them there."""
    with duckdb.connect(str(platform.warehouse_path), read_only=True) as connection:
        return connection.execute(
            "SELECT * EXCLUDE (load_id) FROM bronze.otel_logs ORDER BY record_id"
        ).fetchall()


def query(platform: Platform, sql: str) -> list[Any]:
    with duckdb.connect(str(platform.warehouse_path), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_since_leaves_the_rest_to_the_next_load(platform: Platform, aus: Collector) -> None:
    aus.segment(Signal.LOGS, aus.requests(Signal.LOGS, 2))
    aus.now = TODAY
    aus.segment(Signal.LOGS, aus.requests(Signal.LOGS, 3))
    choice = Choice(since=TODAY - timedelta(hours=1))
    assert [found.records for found in preview_load(platform, choice=choice).waiting] == [3]
    assert load(platform, choice=choice).signals["aus", "logs"].records == 3
    assert load(platform, choice=choice).nothing_new
    assert load(platform).signals["aus", "logs"].records == 2


def test_one_blob_alone(platform: Platform, aus: Collector) -> None:
    wanted = aus.segment(Signal.LOGS, aus.requests(Signal.LOGS, 2)).name
    aus.segment(Signal.LOGS, aus.requests(Signal.LOGS, 3))
    foreign = aus.account.container("logs")
    foreign.create("other.json", line(Signal.LOGS, [record(Signal.LOGS, TODAY, 1)]))
    load(platform, choice=Choice(blobs=frozenset({wanted})))
    assert query(platform, "SELECT DISTINCT blob FROM bronze.otel_logs") == [(wanted,)]
    names = frozenset({wanted, "other.json", "none.json"})
    result = load(platform, choice=Choice(blobs=names))
    assert result.signals["aus", "logs"].records == 1
    assert sorted(result.problems) == [
        f"{wanted} was loaded before, by load 1; `--replay` with its day takes it again",
        "none.json was not found, or waits for its ledger entry",
    ]


def test_a_day_again_gives_the_same_rows(platform: Platform, aus: Collector) -> None:
    same = Request.of(Signal.LOGS, TODAY, 2)
    aus.segment(Signal.LOGS, [*aus.requests(Signal.LOGS, 4), same])
    day = aus.now.date()
    again = aus.segment(Signal.LOGS, [same, *aus.requests(Signal.LOGS, 1)])
    gone = aus.segment(Signal.LOGS, aus.requests(Signal.LOGS, 7))
    aus.now += timedelta(days=1)
    aus.segment(Signal.LOGS, aus.requests(Signal.LOGS, 5))
    first = load(platform).signals["aus", "logs"]
    assert (first.records, first.duplicate) == (19, 2)
    before, books = rows(platform), keep_books(platform).totals
    (platform.directory / "stores" / "aus" / "logs" / gone.name).unlink()

    waiting = preview_load(platform, choice=Choice(replay=day)).waiting
    assert [(found.blobs, found.awaited) for found in waiting] == [(2, 1)]
    result = load(platform, choice=Choice(replay=day))
    replayed = result.signals["aus", "logs"]
    assert (result.load_id, replayed.blobs) == (2, 2)
    assert (replayed.records, replayed.duplicate) == (7, 2)
    assert rows(platform) == before, "also those of a blob that is gone"
    assert query(
        platform, "SELECT load_id, count(*) FROM bronze.otel_logs GROUP BY ALL ORDER BY ALL"
    ) == [(1, 12), (2, 7)]
    assert query(
        platform, "SELECT event_date FROM bronze.load_touched WHERE load_id = 2 ORDER BY ALL"
    ) == [(day,)]
    assert keep_books(platform).totals == books
    one = load(platform, choice=Choice(replay=day, blobs=frozenset({again.name})))
    assert one.signals["aus", "logs"].blobs == 1
    assert rows(platform) == before
    assert load(platform).nothing_new


def test_a_day_of_foreign_blobs_again(platform: Platform, aus: Collector) -> None:
    container = aus.account.container("logs")
    container.create("app.json", line(Signal.LOGS, [record(Signal.LOGS, TODAY, 1)]))
    load(platform)
    before = rows(platform)
    today = datetime.now(UTC).date()
    result = load(platform, choice=Choice(replay=today))
    assert result.signals["aus", "logs"].records == 1
    assert rows(platform) == before
    assert load(platform, choice=Choice(replay=today - timedelta(days=1))).nothing_new


BACKFILL = """
import os, signal
from pathlib import Path
from mainstem.config.platform import load_platform
from mainstem.load import load, run

run.STEP_BLOBS = 10
committed = 0

def progress(text):
    global committed
    committed += text.endswith(" of 60 blobs")
    if committed == 3:
        os.kill(os.getpid(), signal.SIGKILL)

load(load_platform(Path("mainstem.yaml")), progress)
"""


def test_a_backfill_of_thirty_days_goes_on_where_it_was_killed(
    platform: Platform, aus: Collector
) -> None:
    for day in range(30):
        aus.now = TODAY - timedelta(days=30 - day)
        for _ in range(2):
            aus.segment(Signal.LOGS, aus.requests(Signal.LOGS, 1, 1))
            aus.close_hour()
    ended = subprocess.run(
        [sys.executable, "-c", BACKFILL], cwd=platform.directory, check=False
    ).returncode
    assert ended == -signal.SIGKILL
    # What a killed process leaves is its write-ahead log, which the next one to open it applies.
    result = load(platform)
    assert result.signals["aus", "logs"].blobs == 30, "and not those committed before"
    assert query(
        platform,
        "SELECT count(*), count(DISTINCT record_id), count(DISTINCT blob) FROM bronze.otel_logs",
    ) == [(120, 120, 60)]
    assert query(platform, "SELECT load_id, finished_at IS NULL FROM bronze.loads ORDER BY 1") == [
        (1, True),
        (2, False),
    ]
    assert load(platform).nothing_new


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--since", "noon"], "is no time"),
        (["--since", "2d", "--replay", "2026-11-24"], "do not go together"),
    ],
)
def test_wrong_options(options: list[str], says: str, platform: Platform) -> None:
    path = str(platform.directory / "mainstem.yaml")
    result = CliRunner().invoke(app, ["load", "--platform", path, *options])
    assert isinstance(result.exception, UsageError)
    assert says in result.exception.message


def test_one_region_alone(platform: Platform, aus: Collector) -> None:
    aus.segment(Signal.LOGS, aus.requests(Signal.LOGS, 2))
    assert load(platform, choice=Choice(regions=frozenset({"elsewhere"}))).nothing_new
    assert (
        load(platform, choice=Choice(regions=frozenset({"aus"}))).signals["aus", "logs"].records
        == 2
    )
