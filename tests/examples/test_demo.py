"""The demo itself, at its full scale."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.all
ROOT = Path(__file__).parents[2]


def start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "examples.contoso.demo", str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def still_running(folder: Path) -> list[str]:
    """Give the command lines that name the folder, or run the example's services."""
    lines = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = process.read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(folder) in line:
            lines.append(line)
    return lines


@pytest.mark.timeout(900)
def test_the_demo_ends_in_answers_with_nothing_wrong(tmp_path: Path) -> None:
    demo = start(tmp_path / "demo")
    said, _ = demo.communicate(timeout=850)

    assert demo.returncode == 0, said
    assert "SIGKILL" in said
    assert "the books balance" in said
    assert "0 planted secrets found" in said
    assert said.count("values as the truth says") == 6
    assert still_running(tmp_path) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_stopped_leaves_no_process_behind(
    tmp_path: Path, how: signal.Signals
) -> None:
    demo = start(tmp_path / "demo")
    health = tmp_path / "demo" / "logs" / "contoso-aus.log"
    until = time.monotonic() + 120
    while not health.exists() and time.monotonic() < until:
        time.sleep(0.1)
    assert still_running(tmp_path), "the collectors are up"

    demo.send_signal(how)
    demo.communicate(timeout=60)

    assert demo.returncode == 130
    assert still_running(tmp_path) == []


def test_a_folder_of_someone_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("all of it")

    demo = start(tmp_path)
    said, _ = demo.communicate(timeout=60)

    assert demo.returncode == 1
    assert "was not made by the demo" in said
    assert (tmp_path / "thesis.txt").read_text() == "all of it"
