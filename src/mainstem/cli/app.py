"""The list of commands, in the order of the data's way."""

from __future__ import annotations

import typer

app = typer.Typer(
    name="mainstem",
    help="Product telemetry from every region, redacted before it is stored, and turned into "
    "answers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@app.callback()
def mainstem() -> None:
    """Take product telemetry from every region to answers."""
