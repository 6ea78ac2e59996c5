"""`mainstem export`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from mainstem.cli.app import app
from mainstem.cli.output import DEFAULT_PLATFORM, JsonOption, PlatformOption, print_json, stdout
from mainstem.config.platform import load_platform
from mainstem.errors import UsageError
from mainstem.model.export import export_parquet, export_tsql
from mainstem.store.account import Account


@app.command(name="export", epilog="Example: mainstem export --tsql > tables.sql")
def export_command(
    platform: PlatformOption = DEFAULT_PLATFORM,
    *,
    to: Annotated[
        str | None,
        typer.Option(help="Put the gold tables' Parquet into this store: az://account, file:./x."),
    ] = None,
    tsql: Annotated[
        bool, typer.Option("--tsql", help="Print T-SQL that makes the tables in a SQL Server.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Hand what a build published to a warehouse that mainstem does not load.

    The files are `<build>/<table>.parquet` in the container `published`; the T-SQL was parsed, and
    never run against a SQL Server by mainstem's own tests.
    """
    loaded = load_platform(platform)
    if tsql == (to is not None):
        raise UsageError("say --to or --tsql, one of them")
    if to is None:
        typer.echo(export_tsql(loaded.published), nl=False)
        return
    done = export_parquet(loaded.published, Account.open(to, loaded.directory))
    if as_json:
        print_json(asdict(done))
    else:
        stdout.print(
            f"{done.build_id}: {len(done.tables)} tables, {done.written} of them written now",
            markup=False,
        )
