"""The pages on delivery, followed as written: their files, and every command that can run here.

A block of `sh` runs; one of `console` needs a cloud, a cluster or a container engine, and does not.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.delivery.installed import ROOT, TOOLS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.all

PAGES = (
    "azure/deploy.md",
    "azure/open-questions.md",
    "azure/operate.md",
    "azure/security.md",
    "init.md",
    "kubernetes.md",
)
GIVEN = ("charts", "images", "scripts", "dbt")
"""What a page takes from the repository that its reader stands in."""
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_the_page_can_be_followed(page: str, tmp_path: Path) -> None:
    for name in GIVEN:
        (tmp_path / name).symlink_to(ROOT / name)
    programs = tmp_path / "bin"
    programs.mkdir()
    mainstem = programs / "mainstem"
    mainstem.write_text(f"#!{sys.executable}\nfrom mainstem.cli import main\n\nmain()\n")
    mainstem.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{programs}:{TOOLS}:{os.environ['PATH']}",
        "HOME": str(tmp_path / "home"),
        "COLUMNS": "200",
    }
    output, ran = "", 0
    for language, name, body in BLOCK.findall((ROOT / "docs" / page).read_text()):
        if name:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(body)
        elif language == "sh":
            done = subprocess.run(
                ["bash", "-euc", body],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=240,
            )
            output, ran = done.stdout + done.stderr, ran + 1
            assert done.returncode == 0, f"{body}\n{output}"
        elif language == "text":
            for line in body.splitlines():
                assert line in output, output
    assert ran
