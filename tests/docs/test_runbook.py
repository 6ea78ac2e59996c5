"""The runbook has a section for all that the code can raise, under the words of the code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from mainstem.books.breach import Breach
from mainstem.doctor.examine import CHECKS

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "mainstem"
HEADINGS = re.findall(r"^### (.+)$", (ROOT / "docs" / "runbook.md").read_text(), re.MULTILINE)

LOGGED = ("warning", "error", "critical")
# Functions that give the text of an alarm: what each yields, returns or appends.
RAISING = {
    "collect/health.py": {"trouble"},
    "books/equations.py": {
        "imbalances",
        "keep_books",
        "_segments",
        "_recount",
        "_rows_and_load_ledger",
        "_orphans",
        "_waiting",
        "_bad_lines",
    },
    "books/chain.py": {"broken_chains", "open_hours"},
    "retain/plan.py": {"alarms", "_doubts", "_too_much"},
    "load/ledger.py": {"take_entries"},
    "load/run.py": {"_take_own", "_check_own"},
    "replicate/copy.py": {"_copy_step", "_copy_blob"},
}
# Text in those functions that is no alarm: SQL, names, progress.
NO_ALARM = re.compile(r"SELECT|FROM|^[\w.*+/%, '-]{0,18}$|counting|%Y")


def strings(node: ast.AST) -> list[str]:
    """Give the longest literal piece of each text that a person may read in a function."""
    found, pieces = [], set()
    for each in ast.walk(node):
        if isinstance(each, ast.JoinedStr):
            literal = [part for part in each.values if isinstance(part, ast.Constant)]
            pieces |= {id(part) for part in literal}
            if literal:
                found.append(max((str(part.value) for part in literal), key=len))
    texts = [
        each.value
        for each in ast.walk(node)
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and id(each) not in pieces
    ]
    docstring = ast.get_docstring(node, clean=False) if isinstance(node, ast.FunctionDef) else None
    return found + [text for text in texts if text != docstring and " " in text]


def alarms() -> list[tuple[str, str]]:
    found = []
    for name, functions in RAISING.items():
        tree = ast.parse((SOURCE / name).read_text())
        defined = {each.name: each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}
        for function in sorted(functions):
            texts = [each.strip(" :,;") for each in strings(defined[function])]
            found += [(name, text) for text in texts if not NO_ALARM.search(text)]
    return found


def log_events() -> list[tuple[str, str]]:
    return [
        (path.name, call.args[0].value)
        for path in sorted((SOURCE / "collect").glob("*.py"))
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in LOGGED
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "log"
        and isinstance(call.args[0], ast.Constant)
    ]


def has_section(text: str) -> bool:
    return any(text in heading for heading in HEADINGS)


@pytest.mark.parametrize(("file", "text"), alarms())
def test_every_alarm_has_a_section(file: str, text: str) -> None:
    assert has_section(text)


@pytest.mark.parametrize(("file", "event"), log_events())
def test_every_warning_of_a_collector_has_a_section(file: str, event: str) -> None:
    assert event in HEADINGS


@pytest.mark.parametrize("breach", Breach)
def test_every_breach_has_a_section(breach: Breach) -> None:
    assert breach.value in HEADINGS


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_has_a_section(check: str) -> None:
    assert check in HEADINGS


def test_every_section_says_something() -> None:
    text = (ROOT / "docs" / "runbook.md").read_text()
    assert re.findall(r"^### .+\n+(?=#|\Z)", text, re.MULTILINE) == []
