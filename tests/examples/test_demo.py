"""The demo itself, at its full scale."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from examples.contoso.questions import COMPARISONS

pytestmark = pytest.mark.all
MARK = "CONTOSO_DEMO_UNDER_TEST"
ROOT = Path(__file__).parents[2]


def start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "examples.contoso.demo", str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, MARK: str(folder)},
    )


def still_running(folder: Path) -> list[str]:
    """Give the ids of the processes that inherited the demo's environment."""
    mark = f"{MARK}={folder}".encode()
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in environment.read_bytes().split(b"\0"):
                found.append(environment.parent.name)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it has ended, or is someone else's
    return found


@pytest.mark.timeout(900)
def test_the_demo_ends_in_answers_with_nothing_wrong(tmp_path: Path) -> None:
    demo = start(tmp_path / "demo")
    said, _ = demo.communicate(timeout=850)

    assert demo.returncode == 0, said
    assert "SIGKILL" in said
    assert "the books balance" in said
    assert "0 planted secrets found" in said
    for comparison in COMPARISONS:
        name = comparison.name.replace("_", " ")
        assert f"central {name}: " in said
        assert f"partner {name}: " in said
    assert still_running(tmp_path / "demo") == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_stopped_leaves_no_process_behind(
    tmp_path: Path, how: signal.Signals
) -> None:
    demo = start(tmp_path / "demo")
    last = tmp_path / "demo" / "logs" / "contoso-aus.log"
    until = time.monotonic() + 120
    while not last.exists() and time.monotonic() < until:
        time.sleep(0.1)
    assert len(still_running(tmp_path / "demo")) > 4, "the collectors are up"

    demo.send_signal(how)
    demo.communicate(timeout=60)

    assert demo.returncode == 130
    assert still_running(tmp_path / "demo") == []


def test_a_folder_of_someone_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("all of it")

    demo = start(tmp_path)
    said, _ = demo.communicate(timeout=60)

    assert demo.returncode == 1
    assert "was not made by the demo" in said
    assert (tmp_path / "thesis.txt").read_text() == "all of it"
