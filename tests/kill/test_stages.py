"""Replicate, load and retain killed with SIGKILL at random points, again and again.

Blobs of now and blobs that are too old keep coming meanwhile. After each kill the books balance; in
the end every record is in the warehouse once, and of the old blobs none is left.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from random import Random, SystemRandom
from typing import TYPE_CHECKING

import pytest
from builders import Collector
from verbs import Verb

from mainstem.books import keep_books
from mainstem.config.platform import load_platform
from mainstem.load import load
from mainstem.records import Signal
from mainstem.replicate import replicate
from mainstem.retain import plan_retention
from mainstem.store import Account, read_removals
from mainstem.warehouse import open_warehouse

if TYPE_CHECKING:
    from pathlib import Path

    from mainstem.config.platform import Platform

PLATFORM = """
environment: play
regions:
  euc:
    store: file:./stores/euc
    routes: {logs: replicate, metrics: replicate}
central:
  store: file:./stores/central
"""
OLD = timedelta(days=15)
SEGMENTS = 12
"""How many a round brings, half of them too old to stay once they are loaded."""


class Writers:
    """A collector of now, and one of a fortnight ago for each round."""

    def __init__(self, store: Account) -> None:
        self._store = store
        self._young = Collector(store, "euc", now=datetime.now(UTC) - timedelta(hours=5))
        self.records = 0
        self.old: set[str] = set()
        self.young: set[str] = set()

    def write(self, round_: int) -> None:
        past = Collector(
            self._store, "euc", f"{round_ + 1:016x}", now=datetime.now(UTC).replace(minute=5) - OLD
        )
        for number in range(SEGMENTS):
            collector = past if number % 2 else self._young
            signal = Signal.METRICS if number % 3 == 0 else Signal.LOGS
            name = collector.segment(signal, collector.requests(signal, 3, 4)).name
            (self.old if collector is past else self.young).add(name)
            self.records += 7
        self._young.close_hour()


def campaign(directory: Path, kills: int, seed: int, warehouse: str = "") -> None:
    """Kill the three until `kills` of them were still running, then look at all that is left.

    `warehouse` is a server's address; without one, DuckDB's file is the warehouse.
    """
    chance = Random(seed)
    path = directory / "mainstem.yaml"
    path.write_text(PLATFORM)
    if warehouse:
        password = directory / "password"
        password.touch(mode=0o600)
        password.write_text(os.environ["MAINSTEM_TEST_PASSWORD"])
        given = f"{{address: '{warehouse}', password: 'file:./password'}}"
        path.write_text(f"{PLATFORM}warehouse: {given}\n")
    platform = load_platform(path)
    writers = Writers(Account.open("file:./stores/euc", directory))
    verbs = [
        Verb(("replicate",), path),
        Verb(("load",), path),
        # Half of what is there is too old, on purpose.
        Verb(("retain", "--apply", "--more-than-half"), path),
    ]
    writers.write(0)
    for verb in verbs:
        assert verb.run() == 0, verb.arguments
    killed = round_ = 0
    while killed < kills:
        round_ += 1
        writers.write(round_)
        for verb in chance.sample(verbs, len(verbs)):
            if verb.kill(chance):
                killed += 1
                problems = keep_books(platform).problems
                assert problems == [], f"seed {seed}, kill {killed}: {verb.arguments}"
        if round_ % 3 == 0:
            # One comes through now and then, as in life; else a kill seldom falls far into it.
            assert chance.choice(verbs).run() == 0, f"seed {seed}"
    for verb in verbs:
        assert verb.run() == 0, f"seed {seed}: {verb.arguments}"
    expect_all(platform, writers, seed)


def expect_all(platform: Platform, writers: Writers, seed: int) -> None:
    books = keep_books(platform, recount=True)
    assert books.problems == [], f"seed {seed}"
    assert sum(line.loaded for line in books.totals) == writers.records, f"seed {seed}"
    with open_warehouse(platform, read_only=True) as warehouse:
        for table in ("otel_logs", "otel_metrics"):
            rows, distinct = warehouse.query(
                f"SELECT count(*), count(DISTINCT record_id) FROM bronze.{table}"
            )[0]
            assert rows == distinct, f"seed {seed}"
        loads = [row[0] for row in warehouse.query("SELECT load_id FROM bronze.loads ORDER BY 1")]
    assert loads == list(range(1, len(loads) + 1)), "dense"
    for place, prefix in (("euc", ""), ("central", "euc-")):
        account = Account.open(f"file:./stores/{place}", platform.directory)
        left = {
            info.name
            for signal in (Signal.LOGS, Signal.METRICS)
            for info in account.container(f"{prefix}{signal}").list()
        }
        assert left == writers.young, f"seed {seed}: {place}"
        steps = read_removals(account.container("retention"), "euc")
        named = [removal.name for step in steps for removal in step.removals]
        assert len(named) == len(set(named)), f"seed {seed}: {place} removed something twice"
        assert set(named) == writers.old, f"seed {seed}: {place}"
    assert replicate(platform).nothing_new
    assert load(platform).nothing_new
    assert not any(store.blobs for store in plan_retention(platform).stores)


def test_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    campaign(tmp_path, kills=12, seed=SystemRandom().randrange(1 << 32))


def test_nor_do_they_on_postgresql(tmp_path: Path, postgres: str) -> None:
    campaign(tmp_path, kills=4, seed=SystemRandom().randrange(1 << 32), warehouse=postgres)


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_60_kills_lose_nothing_on_postgresql(tmp_path: Path, postgres: str) -> None:
    campaign(tmp_path, kills=60, seed=1, warehouse=postgres)


@pytest.mark.prove
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(20))
def test_300_kills_lose_nothing_and_double_nothing(tmp_path: Path, seed: int) -> None:
    """300 kills in parts of 15, so that one part can be run again: `-k` and the seed."""
    campaign(tmp_path, kills=15, seed=seed)
