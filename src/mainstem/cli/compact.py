"""`mainstem compact`."""

from __future__ import annotations

from dataclasses import asdict

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
from mainstem.load import compact


@app.command(name="compact", epilog="Example: mainstem compact --platform mainstem.yaml")
def compact_command(
    platform: PlatformOption = DEFAULT_PLATFORM,
    *,
    as_json: JsonOption = False,
) -> None:
    """Put the small files of Delta tables together, and remove files that no reader needs.

    For a warehouse on Spark; once a day, after the load. Exit code 3: a load has not ended.
    """
    loaded = load_platform(platform)
    with showing("compacting") as progress:
        done = compact(loaded, progress)
    if as_json:
        print_json({"tables": [asdict(table) for table in done]})
    elif done:
        print_table(
            "Put together",
            ["table", "files before", "files after", "bytes"],
            [list(asdict(table).values()) for table in done],
        )
    else:
        stdout.print("nothing to put together")
