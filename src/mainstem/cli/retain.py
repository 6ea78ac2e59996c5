"""`mainstem retain`."""

from __future__ import annotations

from dataclasses import asdict
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
from mainstem.retain import Retained, lifecycle_rules, plan_retention, retain

if TYPE_CHECKING:
    from mainstem.config.platform import Platform
    from mainstem.retain import Plan


_COLUMNS = (
    *("region", "store", "signal", "blobs", "bytes", "oldest"),
    *("that go", "their bytes", "never loaded", "held"),
)


@app.command(name="retain", epilog="Example: mainstem retain --apply")
def retain_command(
    platform: PlatformOption = DEFAULT_PLATFORM,
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Remove it; else it is shown.")] = False,
    more_than_half: Annotated[
        bool,
        typer.Option(
            "--more-than-half",
            help="Go on where most of a store would go, or clock and ledger disagree.",
        ),
    ] = False,
    print_rule: Annotated[
        bool,
        typer.Option("--print-rule", help="Print the stores' own lifecycle rules instead."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove what is as old as the regions' retention allows; without --apply, show it.

    Exit code 1: something goes that was never loaded, or a store stands still because clock,
    listing or the share that would go needs a person's word; 3: a store could not be reached.
    """
    loaded = load_platform(platform)
    if print_rule:
        _print_rules(loaded, as_json=as_json)
        return
    with showing("planning") as progress:
        plan = plan_retention(loaded, progress=progress)
    done = None
    if apply:
        with showing("removing") as progress:
            done = retain(plan, insist=more_than_half, progress=progress)
    if as_json:
        print_json(document(plan, done))
    else:
        show(plan, done, insist=more_than_half)
    if code := exit_code(plan, done, insist=more_than_half):
        raise typer.Exit(code)


def exit_code(plan: Plan, done: Retained | None, *, insist: bool) -> int:
    """Tell what went wrong first: a store, else what stands still or goes unloaded."""
    for error in done.failed.values() if done else ():
        return error.exit_code
    if plan.unread:
        return 3
    stopped = any(store.stops for store in plan.stores) and not insist
    return int(stopped or bool(plan.problems) or any(store.alarms for store in plan.stores))


def document(plan: Plan, done: Retained | None) -> dict[str, object]:
    """Say it for machines."""
    stores = [
        {
            "region": store.region,
            "store": store.store,
            "holdings": [asdict(holding) for holding in store.holdings],
            "stops": store.stops,
            "alarms": store.alarms,
            "removed": done and done.blobs.get((store.region, store.store), 0),
            "ledger_removed": done and done.ledger.get((store.region, store.store), 0),
            "reads_removed": done and done.reads.get((store.region, store.store), 0),
        }
        for store in plan.stores
    ]
    return {
        "applied": done is not None,
        "at": plan.at.isoformat(),
        "stores": stores,
        "problems": plan.problems,
        "unread": plan.unread,
        "failed": {name: error.message for name, error in done.failed.items()} if done else {},
        "isolated": plan.isolated,
    }


def show(plan: Plan, done: Retained | None, *, insist: bool) -> None:
    """Print it for people."""
    for store in plan.stores:
        for alarm in store.alarms:
            _say(f"ALARM {alarm}")
        for stop in store.stops:
            what = "goes on" if insist else "stands still"
            _say(f"{store.region} ({store.store}) {what}: {stop}")
    for problem in plan.problems:
        _say(problem)
    for region, reason in plan.unread.items():
        _say(f"{region}: nothing goes, its store was not looked at: {reason}")
    for error in done.failed.values() if done else ():
        print_error(error)
    _print_holdings(plan)
    if any(store.stops for store in plan.stores) and not insist:
        stdout.print("If that is as it should be, run again with --more-than-half.")
    going = sum(len(store.blobs) + len(store.ledger) + len(store.reads) for store in plan.stores)
    if done is not None:
        parts = (done.blobs, done.ledger, done.reads)
        removed = sum(sum(part.values()) for part in parts)
        stdout.print(f"removed {removed:,} objects", highlight=False)
    elif going:
        stdout.print("nothing was removed: run again with --apply")
    else:
        stdout.print("nothing is as old as it may be")
    for region in plan.isolated:
        stdout.print(f"{region}: isolated; run `mainstem retain` with its own file, there")


def _print_holdings(plan: Plan) -> None:
    rows = [
        (
            holding.region,
            holding.store,
            holding.signal,
            holding.blobs,
            holding.bytes,
            f"{holding.oldest:%Y-%m-%d %H:%M}" if holding.oldest else "",
            holding.going,
            holding.going_bytes,
            holding.unloaded,
            holding.held,
        )
        for store in plan.stores
        for holding in store.holdings
    ]
    if rows:
        print_table(
            f"Retention at {plan.at:%Y-%m-%d %H:%M} UTC",
            _COLUMNS,
            rows,
        )


def _print_rules(platform: Platform, *, as_json: bool) -> None:
    found = lifecycle_rules(platform)
    if as_json:
        print_json({each.account: each.document for each in found})
        return
    for each in found:
        if each.document is None:
            _say(f"{each.account} has no lifecycle rules of its own: run `mainstem retain --apply`")
        else:
            _say(f"{each.account}: {each.command}")
            print_json(each.document)


def _say(text: str) -> None:
    stderr.print(text, markup=False, highlight=False, soft_wrap=True)
