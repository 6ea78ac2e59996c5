"""`mainstem status`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mainstem.books import take_status
from mainstem.cli.app import app
from mainstem.cli.output import (
    DEFAULT_PLATFORM,
    JsonOption,
    PlatformOption,
    print_json,
    print_table,
    showing,
    stdout,
)
from mainstem.config.platform import load_platform
from mainstem.model import Build, current_build

if TYPE_CHECKING:
    from mainstem.books import Status


@app.command(name="status", epilog="Example: mainstem status")
def status_command(
    platform: PlatformOption = DEFAULT_PLATFORM,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show what was heard of each region, what waits to travel and to be loaded, and the build."""
    loaded = load_platform(platform)
    with showing("looking") as progress:
        status = take_status(loaded, progress)
    published = current_build(loaded.published)
    build = published[0] if published else None
    if as_json:
        print_json({**asdict(status), "last_build": asdict(build) if build else None})
    else:
        _print(status, build)


def _print(status: Status, build: Build | None) -> None:
    print_table(
        "Regions",
        ["region", "last entry", "last heartbeat", "to travel", "to load"],
        [
            (
                region.region,
                _ago(region.last_entry),
                _ago(region.last_heartbeat),
                _waiting(region.to_travel),
                _waiting(region.to_load),
            )
            for region in status.regions
        ],
    )
    if status.waiting:
        print_table(
            "To travel",
            ["region", "signal", "blobs", "records", "oldest"],
            [
                (each.region, each.signal, each.blobs, each.records, _ago(each.oldest))
                for each in status.waiting
            ],
        )
    for name, reason in status.unread.items():
        stdout.print(f"{name}: its store was not looked at: {reason}", markup=False)
    for name in status.isolated:
        stdout.print(
            f"{name}: isolated: run `mainstem status --platform <its file>` on its machine",
            markup=False,
        )
    load = status.last_load
    if load is None:
        stdout.print("last load: none yet")
    elif load.finished_at is None:
        stdout.print(f"last load: {load.load_id}, begun {_ago(load.started_at)}, not finished")
    else:
        stdout.print(
            f"last load: {load.load_id}, {_ago(load.finished_at)}, "
            f"{load.blobs:,} blobs, {load.records:,} records"
        )
    if build is None:
        stdout.print("last build: none yet")
    else:
        behind = load.load_id - build.newest_load if load else 0
        stdout.print(
            f"last build: {build.build_id}, with load {build.newest_load}"
            + (f", {behind} loads behind" if behind > 0 else "")
        )


def _waiting(waiting: tuple[int, int]) -> str:
    blobs, records = waiting
    return f"{blobs:,} blobs, {records:,} records" if blobs else "nothing"


def _ago(at: datetime | None) -> str:
    """Say how long ago a UTC time was, in the largest unit that tells something."""
    if at is None:
        return "never"
    seconds = (datetime.now(UTC).replace(tzinfo=None) - at).total_seconds()
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {unit} ago"
    return f"{max(seconds, 0):.0f} s ago"
