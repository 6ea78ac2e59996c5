"""`mainstem witness`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from mainstem.books import open_witness, write_heads
from mainstem.cli.app import app
from mainstem.cli.output import (
    DEFAULT_PLATFORM,
    JsonOption,
    PlatformOption,
    print_json,
    print_table,
    showing,
    stderr,
    stdout,
)
from mainstem.config.platform import load_platform
from mainstem.errors import UsageError


@app.command(name="witness", epilog="Example: mainstem witness --to az://auditor")
def witness_command(
    platform: PlatformOption = DEFAULT_PLATFORM,
    *,
    to: Annotated[
        str | None,
        typer.Option(
            envvar="MAINSTEM_WITNESS",
            help="The store that another administrator holds, else the platform file's `witness`; "
            "the container is `heads`.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write down where each collector's chain ends, in a store that its operator cannot change.

    Collectors of a platform with a `witness` do so themselves, hourly; this is for those that
    cannot reach it. `mainstem books --verify` then finds what was cut off or dropped since, whether
    it had been loaded or not. Exit code 3: a region could not be read.
    """
    loaded = load_platform(platform)
    witness = open_witness(loaded, to)
    if witness is None:
        raise UsageError(
            "there is no witness to write to",
            hint="Give --to, or `witness: {store: ...}` in the platform file.",
        )
    with showing("reading the ledgers") as progress:
        done = write_heads(loaded, witness, progress)
    if as_json:
        print_json(asdict(done))
    else:
        rows = [
            (region, head.instance, head.seq, head.sha256[:16])
            for region, heads in done.heads.items()
            for head in heads
        ]
        if rows:
            print_table("Heads", ("region", "instance", "entry", "its hash begins"), rows)
        if done.signed:
            stdout.print(f"{done.signed:,} signed heads copied", highlight=False)
        for region in done.isolated:
            stdout.print(f"{region}: isolated; run `mainstem witness` with its own file, there")
        for region, reason in done.unread.items():
            stderr.print(f"{region}: not read: {reason}", markup=False, soft_wrap=True)
    if done.unread:
        raise typer.Exit(3)
