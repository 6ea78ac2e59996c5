"""Kill `retain --apply` at a random point: run again, what is too old is gone, books balanced."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from builders import Collector
from running import MAINSTEM

from mainstem.books import keep_books
from mainstem.config.platform import load_platform
from mainstem.load import load
from mainstem.records import Signal
from mainstem.replicate import replicate
from mainstem.store import Account, read_removals

if TYPE_CHECKING:
    from pathlib import Path

PLATFORM = """
environment: play
regions:
  euc:
    store: file:./stores/euc
    routes: {logs: replicate}
central:
  store: file:./stores/central
"""
OLD, LOST, YOUNG = 40, 12, 60
RETAIN = [*MAINSTEM, "retain", "--apply", "--json"]


def kill_while_it_removes(directory: Path, chance: random.Random) -> bool:
    """Start a run and kill it soon after its first step; True if it was still running."""
    step = directory / "stores" / "euc" / "retention" / "euc" / "000000000001.json"
    process = subprocess.Popen(RETAIN, cwd=directory, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline and not step.exists():
        time.sleep(0.0005)
    time.sleep(chance.uniform(0, 0.02))
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def campaign(directory: Path, seed: int) -> None:
    chance = random.Random(seed)
    (directory / "mainstem.yaml").write_text(PLATFORM)
    platform = load_platform(directory / "mainstem.yaml")
    euc = Collector(Account.open("file:./stores/euc", directory), "euc")
    now = datetime.now(UTC).replace(minute=10)
    # What is lost has no blob in the centre yet, and is too old to be loaded.
    for days, count in ((22, LOST), (15, OLD), (0, YOUNG)):
        euc.now = now - timedelta(days=days)
        for _ in range(count):
            euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 2))
        euc.now += timedelta(minutes=1)
    for path in sorted((directory / "stores/euc/logs").rglob("*.json"))[:LOST]:
        path.rename(path.with_suffix(".away"))
    replicate(platform)
    load(platform)
    for path in (directory / "stores/euc/logs").rglob("*.away"):
        path.rename(path.with_suffix(".json"))
    killed = kill_while_it_removes(directory, chance)
    assert killed, f"it was not killed while it ran (seed {seed})"
    assert keep_books(platform).problems == [], f"seed {seed}"
    again = subprocess.run(RETAIN, cwd=directory, capture_output=True, text=True, check=False)
    left = sum(store["removed"] for store in json.loads(again.stdout)["stores"])
    assert left <= 2 * OLD + LOST
    last = subprocess.run(RETAIN, cwd=directory, capture_output=True, text=True, check=False)
    assert last.returncode == 0, last.stderr
    assert len(list((directory / "stores/euc/logs").rglob("*.json"))) == YOUNG
    books = keep_books(platform)
    (logs,) = books.totals
    assert books.problems == [], f"seed {seed}"
    assert (logs.loaded, logs.expired) == (2 * (OLD + YOUNG), 2 * LOST)
    for account in ("euc", "central"):
        retention = Account.open(f"file:./stores/{account}", directory).container("retention")
        named = [r.name for step in read_removals(retention, "euc") for r in step.removals]
        assert len(named) == len(set(named)) == OLD + (LOST if account == "euc" else 0)


def test_killed_at_a_random_point(tmp_path: Path) -> None:
    campaign(tmp_path, seed=random.SystemRandom().randrange(1 << 32))


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(40))
def test_killed_at_a_random_point_often(tmp_path: Path, seed: int) -> None:
    campaign(tmp_path, seed)
