"""`mainstem scan`."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

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
from mainstem.cli.reading import time_range
from mainstem.config.platform import load_platform
from mainstem.errors import UsageError
from mainstem.scan import REGION_STORES, Scan, Scope, scan

FINDS_SHOWN = 20


@app.command(name="scan", epilog="Example: mainstem scan --store centre --since 7d")
def scan_command(
    platform: PlatformOption = DEFAULT_PLATFORM,
    *,
    region: Annotated[
        list[str] | None, typer.Option("--region", help="Search this region alone; repeatable.")
    ] = None,
    store: Annotated[
        list[str] | None,
        typer.Option("--store", help="Search `region`, `centre` or `warehouse` alone; repeatable."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(help="Search what was stored since: a time, or how long ago (36h, 7d)."),
    ] = None,
    sample: Annotated[
        float, typer.Option(help="Search a share of the blobs and their rows, in percent.")
    ] = 100.0,
    processes: Annotated[
        int | None, typer.Option(min=1, help="Processes that search; else one for each core.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Search blobs and warehouse for personal data and secrets, with other libraries' detectors.

    Shown are places and never what stands there. What was searched and found is recorded, and
    stands in `mainstem books --evidence`. Needs `pip install 'mainstem[scan]'`. Exit code 1:
    something was found; 3: a region could not be read.
    """
    loaded = load_platform(platform)
    for name in store or ():
        if name not in REGION_STORES:
            raise UsageError(
                f"--store {name} is no store to search", hint=f"stores: {', '.join(REGION_STORES)}"
            )
    scope = Scope(
        regions=region or (),
        stores=store or REGION_STORES,
        since=time_range(since, None)[0] if since else None,
        sample=sample,
    )
    with showing("scanning") as progress:
        done = scan(loaded, scope, processes=processes or os.cpu_count() or 1, progress=progress)
    if as_json:
        print_json(document(done))
    else:
        _print(done)
    if done.found:
        raise typer.Exit(1)
    if done.unread:
        raise typer.Exit(3)


def document(done: Scan) -> dict[str, Any]:
    """Give a scan as a document."""
    return {
        "found": dict(done.found),
        "regions": [
            {
                **vars(searched),
                "blobs": dict(searched.blobs),
                "found": dict(searched.found),
                "finds": [find._asdict() for find in searched.finds],
            }
            for searched in done.regions.values()
        ],
        "strings": done.strings,
        "seconds": done.seconds,
        "unread": done.unread,
        "isolated": done.isolated,
    }


def _print(done: Scan) -> None:
    finds = [find for searched in done.regions.values() for find in searched.finds]
    if finds:
        rows = [
            (
                each.detector,
                each.times,
                each.region,
                each.store,
                f"{each.container}/{each.blob}",
                each.line,
                each.path,
            )
            for each in finds[:FINDS_SHOWN]
        ]
        columns = ("detector", "times", "region", "store", "place", "line", "field")
        print_table("Found", columns, rows)
        if len(finds) > FINDS_SHOWN:
            stdout.print(f"{len(finds) - FINDS_SHOWN:,} places more, with --json", highlight=False)
    for searched in done.regions.values():
        what = f"{searched.blobs.total():,} blobs with {searched.bytes:,} bytes"
        found = ", ".join(f"{name} {times:,}" for name, times in searched.found.items())
        recorded = (
            f"recorded as {searched.recorded}"
            if searched.recorded is not None
            else f"not recorded: {searched.not_recorded}"
        )
        stdout.print(
            f"{searched.region}: {what} and {searched.rows:,} rows: {found or 'nothing found'} "
            f"({recorded})",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    stdout.print(f"{done.strings:,} strings in {done.seconds} s", highlight=False)
    for name in done.isolated:
        stdout.print(f"{name}: isolated; run `mainstem scan` with its own file, there")
    for name, reason in done.unread.items():
        stderr.print(f"{name}: not read: {reason}", markup=False, soft_wrap=True)
