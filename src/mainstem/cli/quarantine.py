"""`mainstem quarantine`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from mainstem.cli.app import app
from mainstem.cli.output import (
    DEFAULT_PLATFORM,
    JsonOption,
    PlatformOption,
    print_json,
    print_table,
    stdout,
)
from mainstem.config.platform import load_platform
from mainstem.load.quarantine import (
    Quarantined,
    drop_quarantined,
    list_quarantine,
    retry_quarantined,
    show_quarantine,
)

quarantine = typer.Typer(
    name="quarantine",
    help="See what no load could read, and decide about it.",
    epilog="Example: mainstem quarantine list",
    no_args_is_help=True,
)
app.add_typer(quarantine)

BlobsArgument = Annotated[list[str], typer.Argument(help="The blobs' names, as `list` has them.")]


@quarantine.command(name="list", epilog="Example: mainstem quarantine list")
def list_command(
    platform: PlatformOption = DEFAULT_PLATFORM, *, as_json: JsonOption = False
) -> None:
    """List the blobs of which something is in quarantine: why, and how many records."""
    found = list_quarantine(load_platform(platform))
    if as_json:
        print_json([asdict(each) for each in found])
    elif found:
        _print(found)
    else:
        stdout.print("nothing is in quarantine")


@quarantine.command(name="show", epilog="Example: mainstem quarantine show 2026/11/24/logs.json")
def show_command(
    blob: Annotated[str, typer.Argument(help="The blob's name, as `list` has it.")],
    platform: PlatformOption = DEFAULT_PLATFORM,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show each place of a blob that is in quarantine: its line, and the byte in it. Never what."""
    places = show_quarantine(load_platform(platform), blob)
    if as_json:
        print_json([asdict(place) for place in places])
        return
    print_table(
        blob,
        ["load", "line", "byte", "reason", "records"],
        [
            [
                place.load_id,
                "whole" if place.line is None else place.line,
                "" if place.byte_offset is None else place.byte_offset,
                place.code,
                "unknown" if place.records is None else place.records,
            ]
            for place in places
        ],
    )


@quarantine.command(name="retry", epilog="Example: mainstem quarantine retry 2026/11/24/logs.json")
def retry_command(
    blobs: BlobsArgument,
    platform: PlatformOption = DEFAULT_PLATFORM,
    *,
    as_json: JsonOption = False,
) -> None:
    """Let the next load take blobs again, in place of what they gave before."""
    _decided(retry_quarantined(load_platform(platform), blobs), "the next load takes", as_json)


@quarantine.command(name="drop", epilog="Example: mainstem quarantine drop 2026/11/24/logs.json")
def drop_command(
    blobs: BlobsArgument,
    platform: PlatformOption = DEFAULT_PLATFORM,
    *,
    as_json: JsonOption = False,
) -> None:
    """Accept the loss of what is in quarantine; the books show it as dropped at load."""
    _decided(drop_quarantined(load_platform(platform), blobs), "dropped", as_json)


def _decided(found: list[Quarantined], what: str, as_json: bool) -> None:
    if as_json:
        print_json([asdict(each) for each in found])
        return
    for each in found:
        text = f"{what}: {each.region} {each.signal}: {each.blob}"
        stdout.print(text, markup=False, highlight=False, soft_wrap=True)


def _print(found: list[Quarantined]) -> None:
    print_table(
        "Quarantine",
        ["region", "signal", "blob", "reason", "lines", "records", "load", "state"],
        [
            [
                each.region,
                each.signal,
                each.blob,
                each.codes,
                each.lines or "whole",
                each.records,
                each.load_id,
                each.state,
            ]
            for each in found
        ],
    )
