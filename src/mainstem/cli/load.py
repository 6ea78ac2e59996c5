"""`mainstem load`."""

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
from mainstem.cli.reading import time_of
from mainstem.config.platform import load_platform
from mainstem.errors import UsageError
from mainstem.load import Choice, load, preview_load

if TYPE_CHECKING:
    from mainstem.config.platform import Platform
    from mainstem.load import LoadResult, Preview


RegionsOption = Annotated[
    list[str] | None, typer.Option("--region", help="Only blobs of this region; may be repeated.")
]
ReplayOption = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        help="Take all blobs received on this UTC day again, in place of what they gave.",
    ),
]


def regions_of(platform: Platform, names: list[str] | None) -> frozenset[str]:
    """Check the names of regions; UsageError for one that the platform file does not have."""
    return frozenset(platform.region(name).name for name in names or ())


@app.command(name="load", epilog="Example: mainstem load --platform mainstem.yaml")
def load_command(
    platform: PlatformOption = DEFAULT_PLATFORM,
    *,
    region: RegionsOption = None,
    since: Annotated[
        str | None,
        typer.Option(
            help="Only blobs received since: 2h, 14d, or a UTC time like 2026-11-24T05:00."
        ),
    ] = None,
    blob: Annotated[
        list[str] | None, typer.Option(help="Only the blob of this name; may be repeated.")
    ] = None,
    replay: ReplayOption = None,
    business: Annotated[
        bool, typer.Option("--business", help="Only the business tables that changed; no blobs.")
    ] = False,
    as_of: Annotated[
        str | None,
        typer.Option(
            help="The moment of those business extracts, a UTC time like 2026-11-24T05:00; else "
            "when a file was last written."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be loaded; write nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Load what is new into the warehouse, each record once, and the business tables that changed.

    Exit code 1: a blob, an entry or a business file is wrong, and the rest was loaded; 3: a region
    could not be reached, or another process holds the warehouse.
    """
    if since and replay:
        raise UsageError("--since and --replay do not go together", hint="Leave one of them out.")
    if business and (since or replay or blob or region):
        raise UsageError(
            "--business goes with no choice of blobs",
            hint="Leave out --since, --blob, --replay and --region.",
        )
    loaded = load_platform(platform)
    choice = Choice(
        regions=regions_of(loaded, region),
        since=time_of("--since", since, datetime.now(UTC)) if since else None,
        blobs=frozenset(blob or ()),
        replay=replay.date() if replay else None,
        business=business,
        as_of=_past("--as-of", as_of) if as_of else None,
    )
    if dry_run:
        with showing("looking") as progress:
            preview = preview_load(loaded, progress, choice)
        _show_preview(preview, as_json=as_json)
        return
    with showing("loading") as progress:
        result = load(loaded, progress, choice)
    if as_json:
        print_json(document(result))
    else:
        show(result)
    if code := exit_code(result):
        raise typer.Exit(code)


def _past(option: str, text: str) -> datetime:
    now = datetime.now(UTC)
    moment = time_of(option, text, now)
    if moment > now:
        raise UsageError(
            f"{option} lies in the future",
            hint="An extract is of the moment at which it was taken; a later one supersedes it.",
        )
    return moment


def _show_preview(preview: Preview, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "waiting": [asdict(waiting) for waiting in preview.waiting],
                "sources": preview.sources,
                "problems": preview.problems,
                "failed": {region: error.message for region, error in preview.failed.items()},
            }
        )
    else:
        for problem in preview.problems:
            stderr.print(problem, markup=False, highlight=False, soft_wrap=True)
        for error in preview.failed.values():
            print_error(error)
        rows = [list(asdict(waiting).values()) for waiting in preview.waiting]
        if rows:
            columns = ["region", "signal", "blobs", "bytes", "records", "foreign", "awaited"]
            print_table("Would be loaded", columns, rows)
        if preview.sources:
            stdout.print(f"would be read: {', '.join(preview.sources)}", highlight=False)
        elif not rows:
            stdout.print("nothing new to load")
    for error in preview.failed.values():
        raise typer.Exit(error.exit_code)
    if preview.problems:
        raise typer.Exit(1)


def exit_code(result: LoadResult) -> int:
    """Tell what went wrong first: a region that could not be reached, else data that is wrong."""
    for error in result.failed.values():
        return error.exit_code
    return int(bool(result.problems))


def document(result: LoadResult) -> dict[str, object]:
    """Say it for machines."""
    return {
        "load_id": result.load_id,
        "entries": result.entries,
        "signals": [vars(signal) for signal in result.signals.values()],
        "sources": result.sources,
        "weeks": result.weeks,
        "problems": result.problems,
        "failed": {region: error.message for region, error in result.failed.items()},
        "nothing_new": result.nothing_new,
    }


def show(result: LoadResult) -> None:
    """Print it for people."""
    for problem in result.problems:
        stderr.print(problem, markup=False, highlight=False, soft_wrap=True)
    for error in result.failed.values():
        print_error(error)
    if result.load_id is None:
        stdout.print("nothing new to load")
        return
    rows: list[tuple[object, ...]] = [
        (found.region, found.signal, found.blobs, found.records, found.duplicate, found.quarantined)
        for found in result.signals.values()
    ]
    rows += [("", f"sources.{name}", 1, count, 0, 0) for name, count in result.sources.items()]
    rows += [(name, "weekly counts", weeks, "", "", "") for name, weeks in result.weeks.items()]
    print_table(
        f"Load {result.load_id}",
        ["region", "signal", "blobs", "records", "duplicate", "quarantined"],
        rows,
    )
    for found in result.signals.values():
        if found.equal:
            stdout.print(
                f"{found.region} {found.signal}: {found.equal:,} records of foreign blobs equal "
                "another one; they were loaded",
                highlight=False,
            )
