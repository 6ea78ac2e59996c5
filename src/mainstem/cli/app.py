"""The list of commands, in the order of the data's way.

A verb is a module of this room, named in `VERBS` in the order in which help lists it. It decorates
its function with `@app.command(epilog="Example: mainstem ...")`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from mainstem import __version__

app = typer.Typer(
    name="mainstem",
    help="Product telemetry from every region, redacted before it is stored, and turned into "
    "answers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"mainstem {__version__}")
        raise typer.Exit


@app.callback()
def mainstem(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take product telemetry from every region to answers."""
