"""What the three commands that read in a region share: their options, and how they print."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mainstem.cli.output import print_json, print_table, showing, stderr
from mainstem.errors import UsageError
from mainstem.read.otlp import as_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mainstem.read.filters import Filter
    from mainstem.read.region import Found, RegionReader

RegionOption = Annotated[
    str, typer.Option("--region", envvar="MAINSTEM_REGION", help="The region to read in.")
]
SinceOption = Annotated[
    str | None,
    typer.Option(help="From when on: 30m, 2h, 14d, or a UTC time such as 2026-11-24T05:00."),
]
UntilOption = Annotated[str | None, typer.Option(help="Until when, in the same way.")]
ServiceOption = Annotated[str | None, typer.Option(help="The service's name.")]
TenantOption = Annotated[str | None, typer.Option(help="The tenant's id.")]
TextOption = Annotated[
    str | None, typer.Option(help="A text in names, bodies, messages or attributes, in any case.")
]
LimitOption = Annotated[int, typer.Option(min=1, help="At most so many records, the latest ones.")]
OtlpOption = Annotated[
    bool, typer.Option("--otlp", help="Print one OTLP/JSON request instead, as tools take it.")
]
FollowOption = Annotated[
    bool, typer.Option("--follow", "-f", help="Go on with what comes in, until Ctrl-C.")
]

AGO = re.compile(r"(\d+)\s*([smhd])")
UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LOOK_AGAIN_S = 2.0
CELL = 60

Cells = tuple[object, ...]


def time_range(since: str | None, until: str | None) -> tuple[datetime, datetime]:
    """Read the two options; the last hour where neither is given."""
    now = datetime.now(UTC)
    start = time_of("--since", since or "1h", now)
    # The clocks of senders run ahead; without an end there is none.
    end = now + timedelta(hours=1) if until is None else time_of("--until", until, now)
    if start >= end:
        raise UsageError("--since lies behind --until")
    return start, end


def time_of(option: str, text: str, now: datetime) -> datetime:
    """Read a time, or how long ago it was; UsageError names the option."""
    if ago := AGO.fullmatch(text):
        return now - timedelta(seconds=int(ago[1]) * UNITS_S[ago[2]])
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{option}: {text!r} is no time: 30m, 2h, 14d, or 2026-11-24T05:00 in UTC"
        ) from None
    return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)


def one_of(option: str, given: str | None, known: dict[str, int]) -> int | None:
    """Give the number of a word; UsageError names the words that there are."""
    if given is None:
        return None
    if given.lower() not in known:
        raise UsageError(f"{option}: {given!r} is none of {', '.join(known)}")
    return known[given.lower()]


@dataclass(frozen=True)
class View:
    """How the records of a signal are shown to people: as a table, or a line a record."""

    title: str
    columns: Sequence[str]
    cells: Callable[[dict[str, Any]], Cells]


@dataclass(frozen=True)
class Output:
    """What the options of a command say of its output."""

    limit: int
    as_otlp: bool
    as_json: bool
    follow: bool


def answer(
    reader: RegionReader,
    wanted: Filter,
    view: View,
    output: Output,
    show_whole: Callable[[list[dict[str, Any]]], None] | None = None,
) -> None:
    """Find what is wanted and print it as was asked; ends with 1 where nothing was found.

    `show_whole` takes the rows in place of a table where they are shown as one thing.
    """
    if output.follow:
        _follow(reader, wanted, view, as_json=output.as_json)
        return
    with showing("reading") as progress:
        found = reader.find(wanted, output.limit, progress)
    rows = found.scan.records.to_pylist()
    if output.as_otlp:
        typer.echo(json.dumps(as_request(reader.account, wanted.signal, found.scan.records)))
    elif output.as_json:
        print_json([_document(row) for row in rows])
    elif rows and show_whole is not None:
        show_whole(rows)
    elif rows:
        print_table(view.title, view.columns, [view.cells(row) for row in reversed(rows)])
    _end(found)


def _follow(reader: RegionReader, wanted: Filter, view: View, *, as_json: bool) -> None:
    """Print what is there and what comes in, a line a record, until Ctrl-C."""

    def wait() -> bool:
        time.sleep(LOOK_AGAIN_S)
        return True

    try:
        for found in reader.follow(wanted, wait):
            for row in reversed(found.scan.records.to_pylist()):
                line = (
                    json.dumps(_document(row), default=str)
                    if as_json
                    else "  ".join(map(str, view.cells(row)))
                )
                typer.echo(line)
    except KeyboardInterrupt:
        return


def _end(found: Found) -> None:
    """Say what was read for it, on standard error, and end with 1 where nothing was found."""
    scan, among = found.scan, found.places
    said = [f"{scan.blobs:,} blobs and {scan.bytes:,} bytes read"]
    said += _if(among.ruled_out, f"{among.ruled_out:,} blobs ruled out by their index")
    said += _if(among.unindexed, f"{among.unindexed:,} blobs have no index, which takes longer")
    said += _if(scan.gone, f"{scan.gone:,} blobs have gone by retention")
    said += _if(scan.unreadable, f"{scan.unreadable:,} lines cannot be read")
    said += _if(scan.more, "there are more: --limit shows them")
    stderr.print("; ".join(said), highlight=False, soft_wrap=True)
    if not scan.records.num_rows:
        stderr.print("nothing was found")
        raise typer.Exit(1)


def _if(condition: object, text: str) -> Iterable[str]:
    return [text] if condition else []


def _document(row: dict[str, Any]) -> dict[str, Any]:
    """Give a bronze row with its JSON texts read, and without what it has none of."""
    return {
        name: json.loads(value) if name.endswith(("_attributes", "_json")) else value
        for name, value in row.items()
        if value is not None
    }


def clock(row: dict[str, Any]) -> str:
    """Write a row's time, in UTC."""
    return f"{row['event_ts']:%m-%d %H:%M:%S.%f}"[:-3]


def cut(text: str) -> str:
    """Fit a text into one cell of one line."""
    line = " ".join(text.split())
    return line if len(line) <= CELL else f"{line[: CELL - 1]}…"


def attributes_text(text: str) -> str:
    """Write a row's attributes, JSON text, in one line."""
    return " ".join(f"{key}={value}" for key, value in json.loads(text).items())
