"""How commands print: tables and progress for people, one JSON document for machines."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mainstem.errors import MainstemError

stdout = Console()
stderr = Console(stderr=True)
_PIPED_WIDTH = 1000
_NUMBER = re.compile(r"(-?[\d,]+(\.\d+)?%?)?")

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]
PlatformOption = Annotated[
    Path,
    typer.Option(
        "--platform",
        envvar="MAINSTEM_PLATFORM",
        help="The platform file.",
        show_default=True,
    ),
]
DEFAULT_PLATFORM = Path("mainstem.yaml")


def print_json(document: Any) -> None:
    """Print one JSON document on standard output."""
    typer.echo(json.dumps(document, indent=2, default=str))


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    caption: str | None = None,
) -> None:
    """Print rows as a table; numbers stand to the right."""
    table = Table(title=title, caption=caption, title_justify="left", caption_justify="left")
    cells = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    for index, column in enumerate(columns):
        numeric = all(_NUMBER.fullmatch(row[index]) for row in cells) and bool(cells)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in cells:
        # A pattern such as [a-z] would be read as markup.
        table.add_row(*map(escape, row))
    # Where no terminal sets a width, a file or a pipe gets every cell whole.
    (stdout if stdout.is_terminal else Console(width=_PIPED_WIDTH)).print(table)


@contextmanager
def showing(what: str) -> Iterator[Callable[[str], None]]:
    """Show on standard error what is being done, where a person looks on; gives the updater."""
    with stderr.status(what) as status:
        yield status.update


def print_error(error: MainstemError) -> None:
    """Print an error and its hint on standard error, as it is, without markup."""
    stderr.print(f"error: {error}", markup=False, highlight=False, soft_wrap=True)
