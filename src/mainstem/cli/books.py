"""`mainstem books`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mainstem.books import keep_books, open_witness
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
from mainstem.cli.proving import show_evidence, show_export, show_proofs, show_verification
from mainstem.config.platform import load_platform
from mainstem.errors import UsageError

if TYPE_CHECKING:
    from mainstem.books import Books, Line

NOTES_SHOWN = 10


@app.command(name="books", epilog="Example: mainstem books --hours")
def books_command(
    platform: PlatformOption = DEFAULT_PLATFORM,
    *,
    hours: Annotated[bool, typer.Option("--hours", help="One line per hour.")] = False,
    recount: Annotated[
        bool,
        typer.Option("--recount", help="Read every blob in the regions and count it again."),
    ] = False,
    verify_all: Annotated[
        bool,
        typer.Option("--verify", help="Read every entry, blob and row, and name what was changed."),
    ] = False,
    witness: Annotated[
        str | None,
        typer.Option(
            envvar="MAINSTEM_WITNESS",
            help="With --verify or --export: the store in which another administrator holds the "
            "chains' heads, else the platform file's `witness`.",
        ),
    ] = None,
    evidence: Annotated[
        bool,
        typer.Option(
            "--evidence",
            help="Say per region and day which policy ran and what it masked, what was verified "
            "and what scans found.",
        ),
    ] = False,
    days: Annotated[
        int, typer.Option(min=1, help="With --evidence: how many days, the newest ones.")
    ] = 14,
    export: Annotated[
        Path | None,
        typer.Option(
            "--export",
            metavar="FOLDER|ZIP",
            help="Write an auditor's bundle, with a page that verifies it without mainstem.",
        ),
    ] = None,
    payload: Annotated[
        bool, typer.Option("--payload", help="With --export: the blobs, too.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Account for every record: received, stored, loaded, and what became of the rest.

    Exit code 1: an equation does not hold, something is missing, with --verify anything is not
    what was committed to, or with --evidence a stored record passed no policy that is known; it is
    shown first.
    """
    loaded = load_platform(platform)
    if payload and export is None:
        raise UsageError("--payload goes with --export")
    if sum((verify_all, evidence, export is not None)) > 1:
        raise UsageError("--verify, --evidence and --export are three things", hint="Call each.")
    if export is not None:
        held = open_witness(loaded, witness)
        show_export(loaded, export, held, payload=payload, as_json=as_json)
        return
    if verify_all:
        show_verification(loaded, open_witness(loaded, witness), as_json=as_json)
        return
    if evidence:
        show_evidence(loaded, days, as_json=as_json)
        return
    with showing("keeping the books") as progress:
        books = keep_books(loaded, recount=recount, progress=progress)
    if as_json:
        print_json(_document(books))
    else:
        _print(books, books.hours if hours else books.totals)
        show_proofs(loaded)
    if not books.balanced:
        raise typer.Exit(1)


def _document(books: Books) -> dict[str, object]:
    def lines(of: list[Line]) -> list[dict[str, object]]:
        return [
            {**asdict(line), "stored": line.stored, "imbalances": line.imbalances} for line in of
        ]

    return {
        "balanced": books.balanced,
        "problems": books.problems,
        "totals": lines(books.totals),
        "hours": lines(books.hours),
        "notes": books.notes,
        "isolated": books.isolated,
    }


def _print(books: Books, lines: list[Line]) -> None:
    for problem in books.problems:
        stdout.print(f"PROBLEM {problem}", markup=False, highlight=False, soft_wrap=True)
    columns, rows = _columns(lines)
    if rows:
        state = "the books balance" if books.balanced else "the books do not balance"
        print_table("Books, in records", columns, rows, caption=state)
    else:
        stdout.print("no entries yet: nothing was received")
    for note in books.notes[:NOTES_SHOWN]:
        stdout.print(f"note: {note}", markup=False, highlight=False, soft_wrap=True)
    if len(books.notes) > NOTES_SHOWN:
        stdout.print(f"note: {len(books.notes) - NOTES_SHOWN} more, with --json")
    for region in books.isolated:
        stdout.print(
            f"{region}: isolated. Its books are kept there: run "
            "`mainstem books --platform <its file>` on its machine",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


def _columns(lines: list[Line]) -> tuple[list[str], list[list[object]]]:
    """Give the columns that have anything to tell, and always the four that the books are about."""
    figures: dict[str, list[int]] = {
        "received": [line.counts.received for line in lines],
        "held before": [line.counts.held_before for line in lines],
        "rejected": [line.counts.rejected for line in lines],
        "dropped": [line.counts.dropped for line in lines],
        "sampled out": [line.counts.sampled for line in lines],
        "aggregated": [line.counts.aggregated for line in lines],
        "duplicate": [line.counts.duplicate for line in lines],
        "held after": [line.counts.held_after for line in lines],
        "foreign": [line.foreign for line in lines],
        "stored": [line.stored for line in lines],
        "loaded": [line.loaded for line in lines],
        "of it decayed": [line.decayed for line in lines],
        "quarantined": [line.quarantined for line in lines],
        "duplicate at load": [line.duplicate_at_load for line in lines],
        "dropped at load": [line.dropped_at_load for line in lines],
        "not travelling": [line.not_travelling for line in lines],
        "expired": [line.expired for line in lines],
        "pending": [line.pending for line in lines],
        "forwarded": [line.forwarded for line in lines],
        "not taken": [line.not_taken for line in lines],
        "off": [line.stored - line.accounted for line in lines],
    }
    always = {"received", "stored", "loaded", "off"}
    shown = {name: values for name, values in figures.items() if name in always or any(values)}
    apart = any(line.record_class != line.signal for line in lines)
    keys = {"region": "region", "record_class": "class" if apart else "signal"}
    keys |= {"hour": "hour"} if any(line.hour for line in lines) else {}
    rows: list[list[object]] = [
        [
            *(getattr(line, key) for key in keys),
            *(values[number] for values in shown.values()),
        ]
        for number, line in enumerate(lines)
    ]
    return [*keys.values(), *shown], rows
