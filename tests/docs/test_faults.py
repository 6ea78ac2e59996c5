"""Each line of the table of faults names a test that is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "faults.md").read_text()
LINES = [
    line for line in PAGE.splitlines() if line.startswith("| ") and not line.endswith("test |")
]


@pytest.mark.parametrize("line", LINES, ids=range(len(LINES)))
def test_a_line_names_its_test(line: str) -> None:
    named = re.search(r"`(tests/[\w/]+\.py)::(\w+)` \|$", line)
    assert named is not None
    tree = ast.parse((ROOT / named[1]).read_text())
    assert named[2] in {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}


def test_every_fault_has_its_line() -> None:
    for path in (ROOT / "tests" / "faults").glob("test_*.py"):
        for each in ast.parse(path.read_text()).body:
            if isinstance(each, ast.FunctionDef) and each.name.startswith("test_"):
                known = f"{path.relative_to(ROOT)}::{each.name}" in PAGE
                assert known or each.name == "test_the_library_moves_every_clock", each.name
