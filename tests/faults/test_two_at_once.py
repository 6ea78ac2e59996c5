"""Two of the same stage at once, or two that want the same thing: one waits or steps aside."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from running import MAINSTEM

from mainstem.retain import plan_retention, retain
from mainstem.store import Account, read_removals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deployment import Deployment

HOLDER = """
import duckdb, sys
held = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "reader")
print("holds", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(local: Deployment, role: str) -> Iterator[int]:
    """Hold the warehouse's file in another process, as a load or a build does; gives its number."""
    command = [sys.executable, "-c", HOLDER, str(local.platform.warehouse_path), role]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"holds\n"
        yield process.pid
        process.communicate()


@pytest.mark.parametrize("role", ["writer", "reader"])
def test_a_load_steps_aside(local: Deployment, role: str) -> None:
    """Before another load or a build, which write, and before a backup, which reads."""
    local.collect(2)
    local.bring()
    local.collect(2)
    assert local.run("replicate").code == 0
    with held(local, role) as process:
        said = local.run("load")
        assert said.code == 3
        assert f"is held by process {process}" in said.err
        assert "wait for that load or build, or end it, and run again" in said.err
    local.bring()
    local.expect_all()


@pytest.mark.parametrize(
    "arguments",
    [("build",), ("books",), ("status",), ("retain", "--apply"), ("backup", "--to", "file:./b")],
    ids=lambda arguments: arguments[0],
)
def test_all_else_steps_aside_before_a_load(local: Deployment, arguments: tuple[str, ...]) -> None:
    local.collect(2)
    local.bring()
    with held(local, "writer") as process:
        said = local.run(*arguments)
        assert said.code == 3
        assert f"is held by process {process}" in said.err
    local.expect_all()


def test_loads_that_start_together(local: Deployment) -> None:
    """One loads; another has stepped aside or found nothing new, whichever came first."""
    local.collect(6)
    assert local.run("replicate").code == 0
    command = [*MAINSTEM, "load", "--platform", str(local.directory / "mainstem.yaml")]
    loads = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)
    ]
    ended = [(load.communicate(), load.returncode) for load in loads]
    codes = [code for _, code in ended]
    assert set(codes) <= {0, 3}, ended
    assert 0 in codes
    assert all(b"is held by process" in said[1] for said, code in ended if code == 3)
    local.expect_all()
    assert local.query("SELECT load_id FROM bronze.loads") == [(1,)]


def test_replications_at_once(local: Deployment) -> None:
    """Each copies all that it finds lacking, under names that are written once."""
    local.collect(40)
    with ThreadPoolExecutor(3) as at_once:
        path = str(local.directory / "mainstem.yaml")
        command = [*MAINSTEM, "replicate", "--platform", path]
        done = list(
            at_once.map(
                lambda _: subprocess.run(command, capture_output=True, check=False), range(3)
            )
        )
    assert [each.returncode for each in done] == [0, 0, 0], [each.stderr for each in done]
    local.bring()
    local.expect_all()


def test_retentions_at_once(local: Deployment) -> None:
    """Two that planned the same: each blob goes once, and the records of removals stay whole."""
    local.euc.now = datetime.now(UTC) - timedelta(days=15)
    local.collect(20)
    local.euc.now = datetime.now(UTC) - timedelta(minutes=5)
    young = local.collect(21)
    local.bring()
    plans = [plan_retention(local.platform) for _ in range(2)]
    with ThreadPoolExecutor(2) as at_once:
        done = list(at_once.map(retain, plans))
    assert [each.failed for each in done] == [{}, {}]
    for place, container in (("euc", "logs"), ("central", "euc-logs")):
        account = Account.open(f"file:./stores/{place}", local.directory)
        assert [info.name for info in account.container(container).list()] == young
        removed = {
            removal.name
            for step in read_removals(account.container("retention"), "euc")
            for removal in step.removals
        }
        assert len(removed) == 20
    local.expect_all()
