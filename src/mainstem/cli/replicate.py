"""`mainstem replicate`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from mainstem.cli.app import app
from mainstem.cli.output import (
    DEFAULT_PLATFORM,
    JsonOption,
    PlatformOption,
    print_error,
    print_json,
    print_table,
    showing,
    stderr,
    stdout,
)
from mainstem.config.platform import load_platform
from mainstem.replicate import Replication, preview_replication, replicate

if TYPE_CHECKING:
    from mainstem.config.platform import Platform


@app.command(name="replicate", epilog="Example: mainstem replicate --platform mainstem.yaml")
def replicate_command(
    platform: PlatformOption = DEFAULT_PLATFORM,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be copied, and copy nothing.")
    ] = False,
    past: Annotated[
        bool,
        typer.Option(
            "--past", help="Also what a region still has of a signal whose route was opened later."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Copy what may travel from each region into its central containers, once.

    Logs and the ledger travel unless the platform file's routes say otherwise. Exit code 1: a blob
    is missing or is not what its ledger entry says; 3: a region could not be reached.
    """
    loaded = load_platform(platform)
    if dry_run:
        _preview(loaded, past=past, as_json=as_json)
        return
    with showing("replicating") as progress:
        result = replicate(loaded, progress, past=past)
    if as_json:
        print_json(document(result))
    else:
        show(result)
    if code := exit_code(result):
        raise typer.Exit(code)


def _preview(platform: Platform, *, past: bool, as_json: bool) -> None:
    with showing("looking") as progress:
        preview = preview_replication(platform, past=past, progress=progress)
    if as_json:
        failed = {region: error.message for region, error in preview.failed.items()}
        print_json({"travelling": [asdict(each) for each in preview.travelling], "failed": failed})
    else:
        for error in preview.failed.values():
            print_error(error)
        rows = [
            (each.region, each.signal, each.by, each.blobs, each.foreign, each.bytes)
            for each in preview.travelling
        ]
        if rows:
            columns = ("region", "signal", "by", "blobs", "foreign", "bytes out of the region")
            print_table("Would be replicated", columns, rows)
        elif not preview.failed:
            stdout.print("nothing new to replicate")
    for error in preview.failed.values():
        raise typer.Exit(error.exit_code)


def _utc(unix_nano: int) -> str:
    return datetime.fromtimestamp(unix_nano / 1e9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def exit_code(result: Replication) -> int:
    """Tell what went wrong first: a region that could not be reached, else a blob that is wrong."""
    for error in result.failed.values():
        return error.exit_code
    return int(any(region.problems for region in result.regions))


def document(result: Replication) -> dict[str, object]:
    """Say it for machines."""
    return {
        "regions": [
            {
                "region": region.region,
                "entries": region.entries,
                "signals": {
                    signal: {"blobs": blobs, "bytes": region.bytes[signal]}
                    for signal, blobs in region.blobs.items()
                },
                "lags": {
                    signal: {"blobs": lag.blobs, "oldest": _utc(lag.oldest_unix_nano)}
                    for signal, lag in region.lags.items()
                },
                "entries_awaited": region.entries_awaited,
                "copied_by_store": region.by_store,
                "copied_through_here": region.through_here,
                "problems": region.problems,
            }
            for region in result.regions
        ],
        "failed": {region: error.message for region, error in result.failed.items()},
        "nothing_new": result.nothing_new,
    }


def show(result: Replication) -> None:
    """Print it for people."""
    for region in result.regions:
        for problem in region.problems:
            stderr.print(f"{region.region}: {problem}", markup=False, soft_wrap=True)
        for signal, lag in region.lags.items():
            stdout.print(
                f"{region.region}: Azure has not brought {lag.blobs:,} blobs of {signal} yet, the "
                f"oldest of {_utc(lag.oldest_unix_nano)}",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )
    for error in result.failed.values():
        print_error(error)
    if result.nothing_new:
        stdout.print("nothing new to replicate")
        return
    rows: list[tuple[object, ...]] = []
    for region in result.regions:
        for signal, blobs in sorted(region.blobs.items()):
            rows.append((region.region, signal.value, blobs, region.bytes[signal]))
        rows.append((region.region, "ledger", region.entries, ""))
    print_table("Replicated", ["region", "signal", "blobs or entries", "bytes"], rows)
