"""`mainstem backup`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from mainstem.backup import back_up
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


@app.command(name="backup", epilog="Example: mainstem backup --to az://contosobackup")
def backup_command(
    platform: PlatformOption = DEFAULT_PLATFORM,
    *,
    to: Annotated[
        str,
        typer.Option(
            envvar="MAINSTEM_BACKUP",
            help="The store's address, as in the platform file; the container is `backup`.",
        ),
    ],
    as_json: JsonOption = False,
) -> None:
    """Write what loads brought into the warehouse to a store, as Parquet with a manifest.

    After retention the warehouse is the only copy of it. Silver and gold are built from it, so they
    are left out. Exit code 3: a load or build holds the warehouse.
    """
    loaded = load_platform(platform)
    account = Account.open(to, loaded.directory)
    with showing("backing up") as progress:
        manifest = back_up(loaded, account, progress)
    if as_json:
        print_json(asdict(manifest))
        return
    rows = sum(table.rows for table in manifest.tables)
    stdout.print(
        f"backup {manifest.name} in {account.label}: {rows:,} rows of {len(manifest.tables)} "
        f"tables, {manifest.bytes:,} bytes, up to load {manifest.load_id}",
        highlight=False,
        soft_wrap=True,
    )
