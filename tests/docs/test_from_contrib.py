"""docs/from-contrib.md, followed as written: its files, its commands, what it says they print."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from beside import free_port

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "from-contrib.md"
PEER = ROOT / "bench" / "peers" / "_build" / "ottl" / "otelcol-ottl"
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = "#### step"
BEGIN = "set -eu\nexec 2>&1\ntrap 'kill -9 $(jobs -p) 2>/dev/null || true' EXIT\n"


@dataclass
class Step:
    """A block of commands and the parts of its output that the page shows."""

    commands: str
    expected: tuple[str, ...] = ()

    @property
    def fails(self) -> bool:
        return self.expected[:1] != () and self.expected[0].startswith("error:")

    def script(self) -> str:
        body = f"! (\n{self.commands})" if self.fails else self.commands
        return f"echo '{MARK}'\n{body}\n"


def read_page(text: str, directory: Path, *, front: bool) -> list[Step]:
    """Write the page's files and give its steps, with those of the plain collector if wanted."""
    steps: list[Step] = []
    skipped = False
    for language, name, body in BLOCK.findall(text):
        if language == "yaml":
            (directory / name).write_text(body)
        elif language == "sh":
            skipped = name == "front" and not front
            if not skipped:
                steps.append(Step(body))
        elif language == "text" and not skipped:
            steps[-1].expected = tuple(body.splitlines())
    return steps


def follow(directory: Path, *, front: bool) -> None:
    text = PAGE.read_text()
    for port in ("4317", "4318", "5317", "5318", "8888", "13133"):
        text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{free_port()}")
    steps = read_page(text, directory, front=front)
    assert len(steps) > 4
    programs = directory / "bin"
    programs.mkdir()
    mainstem = programs / "mainstem"
    mainstem.write_text(
        f"#!{sys.executable}\nfrom mainstem.cli import main\n\nmain()\n"  # a console script's own
    )
    mainstem.chmod(0o755)
    if front:
        (programs / "otelcol-contrib").symlink_to(PEER)
    done = subprocess.run(
        ["bash", "-c", BEGIN + "".join(step.script() for step in steps)],
        cwd=directory,
        env={
            **os.environ,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "XDG_STATE_HOME": str(directory / "state"),
            "COLUMNS": "200",
        },
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=240,
    )
    logs = "".join(path.read_text()[-2000:] for path in directory.glob("*.log"))
    assert done.returncode == 0, f"{done.stdout}\n{logs}"
    printed = done.stdout.split(MARK)[1:]
    assert len(printed) == len(steps)
    for step, output in zip(steps, printed, strict=True):
        for line in step.expected:
            assert line in output, step.commands


def test_the_page_is_true_without_a_collector_in_front(tmp_path: Path) -> None:
    follow(tmp_path, front=False)


@pytest.mark.prove
def test_the_page_is_true(tmp_path: Path) -> None:
    assert PEER.exists(), "`make peers` builds the collector that stands in front"
    follow(tmp_path, front=True)
