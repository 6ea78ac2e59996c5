"""Kill replicate and load at random points: what is run again makes the books balance."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import duckdb
import pytest
from builders import Collector

from mainstem.books import keep_books
from mainstem.config.platform import load_platform
from mainstem.records import Signal
from mainstem.store import Account

if TYPE_CHECKING:
    from pathlib import Path

PLATFORM = """
environment: play
regions:
  euc:
    store: file:./stores/euc
    routes: {logs: replicate, metrics: replicate}
central:
  store: file:./stores/central
"""
SEGMENTS = 40
MAINSTEM = [sys.executable, "-c", "from mainstem.cli import main; main()"]


def run(verb: str, directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*MAINSTEM, verb, "--json"], cwd=directory, capture_output=True, text=True, check=False
    )


def kill_while_it_runs(verb: str, directory: Path, begun: Path, chance: random.Random) -> bool:
    """Start a verb and kill it some time after it touched `begun`; True if it was still running."""
    before = begun.stat().st_mtime_ns if begun.exists() else None
    process = subprocess.Popen(
        [*MAINSTEM, verb],
        cwd=directory,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if begun.exists() and begun.stat().st_mtime_ns != before:
            break
        time.sleep(0.001)
    time.sleep(chance.uniform(0, 0.15))
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def campaign(directory: Path, rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    (directory / "mainstem.yaml").write_text(PLATFORM)
    platform = load_platform(directory / "mainstem.yaml")
    store = Account.open("file:./stores/euc", directory)
    now = datetime.now(UTC) - timedelta(hours=5)
    collectors = [Collector(store, "euc", f"00000000000000a{n}", now=now) for n in range(2)]
    loaded, killed = 0, 0
    warehouse, central = platform.warehouse_path, directory / "stores" / "central"
    for _ in range(rounds):
        for number in range(SEGMENTS // rounds):
            collector = collectors[number % 2]
            kind = Signal.LOGS if number % 3 else Signal.METRICS
            collector.segment(kind, collector.requests(kind, 3, 4))
            loaded += 7
        collectors[0].close_hour()
        killed += kill_while_it_runs("replicate", directory, central / "euc-ledger", chance)
        killed += kill_while_it_runs("load", directory, warehouse, chance)
        killed += kill_while_it_runs("replicate", directory, central / "replication", chance)
    assert killed, f"nothing was killed while it ran (seed {seed})"
    assert run("replicate", directory).returncode == 0
    assert run("load", directory).returncode == 0
    books = keep_books(platform, recount=True)
    assert books.problems == [], f"seed {seed}"
    assert sum(line.loaded for line in books.totals) == loaded
    assert all(line.stored == line.loaded for line in books.totals)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        ids = "SELECT count(*), count(DISTINCT record_id) FROM bronze.otel_{}"
        counts = [connection.execute(ids.format(table)).fetchone() for table in ("logs", "metrics")]
        load_ids = connection.execute("SELECT load_id FROM bronze.loads ORDER BY 1").fetchall()
    assert all(rows == distinct for rows, distinct in counts)
    assert [row[0] for row in load_ids] == list(range(1, len(load_ids) + 1)), "dense"
    for verb in ("replicate", "load"):
        again = run(verb, directory)
        assert json.loads(again.stdout)["nothing_new"], f"{verb} (seed {seed})"


def test_killed_at_random_points(tmp_path: Path) -> None:
    campaign(tmp_path, rounds=3, seed=random.SystemRandom().randrange(1 << 32))


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(40))
def test_killed_at_random_points_often(tmp_path: Path, seed: int) -> None:
    campaign(tmp_path, rounds=5, seed=seed)
