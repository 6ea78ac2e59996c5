"""`mainstem spool`: what a collector's spool holds, and whether it is whole."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from mainstem.cli.app import app
from mainstem.cli.output import JsonOption, print_json, print_table, showing, stdout
from mainstem.collect.abandon import abandon_owed
from mainstem.collect.drain import drain_spool
from mainstem.collect.site import chosen_site, collector_of
from mainstem.collect.spool import Place, list_spool, verify_spool

spool_app = typer.Typer(
    help="Look into a collector's spool, while it runs or not.", no_args_is_help=True
)
app.add_typer(spool_app, name="spool")

FolderArgument = Annotated[
    Path | None, typer.Argument(metavar="PATH", help="The spool's folder; else the region's.")
]
OwnPlatformOption = Annotated[
    Path | None,
    typer.Option("--platform", envvar="MAINSTEM_PLATFORM", help="The platform file."),
]
RegionOption = Annotated[
    str | None, typer.Option("--region", envvar="MAINSTEM_REGION", help="The region.")
]


@spool_app.command("ls", epilog="Example: mainstem spool ls --platform mainstem.yaml --region euc")
def list_command(
    path: FolderArgument = None,
    platform: OwnPlatformOption = None,
    region: RegionOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List what is open, what waits for the store and what is held, with ages and sizes.

    Without a path and a platform file: the spool under the user's state folder.
    """
    folder = path if path is not None else chosen_site(platform, region)[1].spool
    listed = list_spool(folder)
    now_ns = time.time_ns()
    if as_json:
        print_json([{**asdict(held), "age_s": held.age_s(now_ns)} for held in listed])
        return
    rows = [
        (
            held.place,
            "-" if held.seq is None else held.seq,
            held.kind,
            held.signal_class or "-",
            held.segment or "-",
            held.lines,
            held.bytes,
            round(held.age_s(now_ns)),
        )
        for held in listed
        if held.place is not Place.CONFIRMED
    ]
    kept = f"{len(listed) - len(rows)} more are in the store and still needed here"
    columns = ("place", "seq", "kind", "class", "segment", "lines", "bytes", "age, s")
    if rows:
        print_table(str(folder), columns, rows, caption=kept)
    else:
        stdout.print(f"nothing is open and nothing waits; {kept}")


@spool_app.command(
    "verify", epilog="Example: mainstem spool verify --platform mainstem.yaml --region euc"
)
def verify_command(
    path: FolderArgument = None,
    platform: OwnPlatformOption = None,
    region: RegionOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Check every sum and hash and the chain of entries, and change nothing.

    Exit code 1: something is broken that no crash explains; each is named by its file.
    """
    folder = path if path is not None else chosen_site(platform, region)[1].spool
    found = verify_spool(folder)
    if as_json:
        print_json(asdict(found))
    else:
        for fault in found.faults:
            stdout.print(f"✗ {fault.file} {fault.reason}", markup=False, highlight=False)
        stdout.print(
            f"{found.entries:,} entries and {found.segments:,} segments, {found.bytes:,} bytes, "
            f"{found.logs:,} logs of what is held, "
            f"{found.unfinished_bytes:,} bytes unfinished, {len(found.faults):,} faults",
            highlight=False,
            soft_wrap=True,
        )
    if found.faults:
        raise typer.Exit(1)


@spool_app.command(
    "drain", epilog="Example: mainstem spool drain --platform mainstem.yaml --region euc"
)
def drain_command(
    config: Annotated[
        Path | None, typer.Option(help="The collector's configuration; else the region's own.")
    ] = None,
    platform: OwnPlatformOption = None,
    region: RegionOption = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds that it may take.")] = 300.0,
) -> None:
    """Upload what a stopped collector left, for a machine that will not run one again.

    Exit code 3: some of it is still there; the last line says how much, and why.
    """
    loaded, site = chosen_site(platform, region)
    with showing("opening the spool") as progress:
        count = drain_spool(collector_of(config, loaded, region), site, timeout, progress)
    stdout.print(f"{count} entries went up, nothing is left in {site.spool}", soft_wrap=True)


@spool_app.command(
    "abandon",
    epilog="Example: mainstem spool abandon otlp/old --platform mainstem.yaml --region euc",
)
def abandon_command(
    exporter: Annotated[str, typer.Argument(help="The exporter's id, as `otlp/old`.")],
    config: Annotated[
        Path | None, typer.Option(help="The collector's configuration; else the region's own.")
    ] = None,
    platform: OwnPlatformOption = None,
    region: RegionOption = None,
) -> None:
    """Give up what a stopped collector owes to an exporter that is configured no more.

    The ledger and the books count the records as abandoned. A segment that no store has stays in
    the spool's outbox as `<segment>.refused`.
    """
    loaded, site = chosen_site(platform, region)
    given_up = abandon_owed(collector_of(config, loaded, region), site, exporter)
    stdout.print(
        f"{given_up.records:,} records in {given_up.segments:,} segments were given up; the ledger "
        "says so once the collector runs, or `mainstem spool drain`",
        highlight=False,
        soft_wrap=True,
    )
