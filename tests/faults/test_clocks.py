"""A clock is a day off, the collector's or that of the machine that loads: nothing is lost.

A library before libc's moves the clock of a whole process: Python, Rust and DuckDB alike.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from running import MAINSTEM, collector, log_request, post, stand

from mainstem.books import keep_books
from mainstem.config.platform import load_platform
from mainstem.warehouse import open_warehouse

CLOCK = Path(__file__).with_name("clock.c")
DAY_S = 86_400
RECORDS = 5


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = tmp_path_factory.mktemp("clock") / "clock.so"
    command = ["cc", "-shared", "-fPIC", "-O", "-o", str(library), str(CLOCK), "-ldl"]
    subprocess.run(command, check=True)
    return library


def skewed(clock: Path, seconds: int) -> dict[str, str]:
    return {**os.environ, "LD_PRELOAD": str(clock), "SKEW_S": str(seconds)}


def run(directory: Path, *arguments: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    """Call `mainstem` in a process of its own; gives its exit code and all that it prints."""
    command = [*MAINSTEM, *arguments, "--platform", str(directory / "mainstem.yaml")]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=env, cwd=directory
    )
    return done.returncode, done.stdout + done.stderr


def collect(directory: Path, env: dict[str, str] | None, first: int = 0) -> None:
    with collector(stand(directory), env) as running:
        for number in range(first, first + RECORDS):
            assert post(f"{running.otlp}/v1/logs", log_request(f"record {number}")) == 200
        assert running.stop() == 0


def expect_all(directory: Path, records: int) -> None:
    platform = load_platform(directory / "mainstem.yaml")
    assert keep_books(platform, recount=True).problems == []
    with open_warehouse(platform, read_only=True) as warehouse:
        rows = warehouse.query("SELECT count(*), count(DISTINCT body) FROM bronze.otel_logs")
    assert rows == [(records, records)]


def test_the_library_moves_every_clock(clock: Path) -> None:
    code = (
        "import duckdb, time, datetime; print(time.time(), datetime.datetime.now().timestamp(), "
        "duckdb.execute('select epoch(now())').fetchone()[0])"
    )
    command = [sys.executable, "-c", code]
    told = [
        [float(each) for each in subprocess.check_output(command, env=skewed(clock, s)).split()]
        for s in (DAY_S, 0)
    ]
    assert all(abs(there - here - DAY_S) < 60 for there, here in zip(*told, strict=True))


@pytest.mark.parametrize("skew", [DAY_S, -DAY_S], ids=["ahead", "behind"])
def test_of_a_collector(clock: Path, tmp_path: Path, skew: int) -> None:
    """Its records are loaded once, and doctor tells whose clock it is."""
    collect(tmp_path, skewed(clock, skew))
    for verb in ("replicate", "load"):
        assert run(tmp_path, verb)[0] == 0
    # Its clock is right again: the chain goes on, and what comes is found behind the future too.
    collect(tmp_path, None, first=RECORDS)
    for verb in ("replicate", "load"):
        assert run(tmp_path, verb)[0] == 0
    expect_all(tmp_path, 2 * RECORDS)
    code, said = run(tmp_path, "doctor")
    if skew > 0:
        assert code == 1
        assert "clock is ahead of the store's" in " ".join(said.split())
    _, said = run(tmp_path, "retain", "--apply", "--json")
    stores = json.loads(said)["stores"]
    assert sum(store["removed"] or 0 for store in stores) == 0


@pytest.mark.parametrize("skew", [DAY_S, -DAY_S], ids=["ahead", "behind"])
def test_of_the_machine_that_loads(clock: Path, tmp_path: Path, skew: int) -> None:
    env = skewed(clock, skew)
    collect(tmp_path, None)
    for verb in ("replicate", "load"):
        assert run(tmp_path, verb, env=env)[0] == 0
    expect_all(tmp_path, RECORDS)
    _, said = run(tmp_path, "retain", "--apply", "--json", env=env)
    assert sum(store["removed"] or 0 for store in json.loads(said)["stores"]) == 0
    collect(tmp_path, None, first=RECORDS)
    for verb in ("replicate", "load"):
        assert run(tmp_path, verb)[0] == 0
    expect_all(tmp_path, 2 * RECORDS)


def test_that_jumps_a_month_lets_nothing_go(clock: Path, tmp_path: Path) -> None:
    """What is young by every other clock is old by this one: retention stops and asks."""
    collect(tmp_path, None)
    for verb in ("replicate", "load"):
        assert run(tmp_path, verb)[0] == 0
    code, said = run(tmp_path, "retain", "--apply", env=skewed(clock, 30 * DAY_S))
    assert code == 1
    assert "the clock has jumped, or the collector is gone" in said
    assert "run again with --more-than-half" in said
    assert "removed 0 objects" in said
    expect_all(tmp_path, RECORDS)
