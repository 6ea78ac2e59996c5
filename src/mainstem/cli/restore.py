"""`mainstem restore`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from mainstem.backup import list_backups, restore
from mainstem.cli.app import app
from mainstem.cli.output import (
    DEFAULT_PLATFORM,
    JsonOption,
    PlatformOption,
    print_json,
    showing,
    stdout,
)
from mainstem.config.platform import load_platform
from mainstem.store import Account


@app.command(name="restore", epilog="Example: mainstem restore --from az://contosobackup")
def restore_command(
    backup: Annotated[
        str | None, typer.Argument(help="The backup's name; else the newest.")
    ] = None,
    platform: PlatformOption = DEFAULT_PLATFORM,
    *,
    source: Annotated[
        str,
        typer.Option("--from", envvar="MAINSTEM_BACKUP", help="The store's address."),
    ],
    only_list: Annotated[
        bool, typer.Option("--list", help="List the backups there, and restore none.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make the warehouse of a backup; there must be none at its place.

    Every file is checked against the manifest and every row counted. Then `mainstem build` makes
    silver and gold, and the next load goes on where the backup ended.
    """
    loaded = load_platform(platform)
    account = Account.open(source, loaded.directory)
    if only_list:
        names = list_backups(account)
        if as_json:
            print_json(names)
        else:
            stdout.print("\n".join(names) or "there is no backup")
        return
    with showing("restoring") as progress:
        manifest = restore(loaded, account, backup, progress)
    if as_json:
        print_json(asdict(manifest))
        return
    rows = sum(table.rows for table in manifest.tables)
    stdout.print(
        f"restored {rows:,} rows of backup {manifest.name}, up to load {manifest.load_id}; "
        "now run `mainstem build`",
        highlight=False,
        soft_wrap=True,
    )
