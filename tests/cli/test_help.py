"""Every command says what it does and shows how it is called."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import typer

from mainstem.cli import VERBS, add_verbs
from mainstem.cli.app import app
from mainstem.cli.reference import commands

add_verbs([])
ROOT: Any = typer.main.get_command(app)
COMMANDS = commands(ROOT, "mainstem")


@pytest.mark.parametrize(("name", "command"), COMMANDS, ids=[name for name, _ in COMMANDS])
def test_a_command_has_help_and_an_example_of_itself(name: str, command: Any) -> None:
    assert command.help
    assert command.epilog.startswith(f"Example: {name}")
    undescribed = [p.name for p in command.params if not getattr(p, "help", None)]
    assert undescribed == []


def test_every_verb_is_a_command() -> None:
    assert set(ROOT.commands) == set(VERBS)


def test_a_verb_is_called_without_the_others_modules() -> None:
    code = (
        "import sys; from mainstem.cli import add_verbs; add_verbs(['config']); "
        "sys.exit('mainstem.cli.replicate' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
