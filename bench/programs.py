"""The small Rust programs that measurements run, and the tables that they end in."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parent.parent
WIDE = 160
"""Columns for a table where no terminal bounds it."""


def build(example: str) -> Path:
    """Build one of `rust/receive/examples` for release; gives the program's path."""
    done = subprocess.run(
        [
            *("cargo", "build", "--release", "--locked", "--quiet", "--message-format=json"),
            *("-p", "mainstem-receive", "--example", example),
        ],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    return next(Path(m["executable"]) for m in reversed(messages) if m.get("executable"))


def run(program: Path, *arguments: object, core: int | None = None) -> dict[str, Any]:
    """Run a program, on one core if told so, and read the JSON that it prints."""
    pin = [] if core is None else ["taskset", "--cpu-list", str(core)]
    command = [*pin, str(program), *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout))


def show(title: str, rows: list[dict[str, Any]]) -> None:
    """Print the rows as a table, or as JSON where `--json` was given."""
    if "--json" in sys.argv[1:]:
        print(json.dumps(rows, indent=2))
        return
    table = Table(title=title)
    for name, value in rows[0].items():
        table.add_column(name, justify="left" if isinstance(value, str) else "right")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, str) else f"{cell:,}" for cell in row.values()))
    Console(width=None if sys.stdout.isatty() else WIDE).print(table)
