"""`mainstem decay`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from mainstem.config.platform import load_platform
from mainstem.decay import decay, plan_decay

if TYPE_CHECKING:
    from mainstem.decay import DecayPlan


@app.command(name="decay", epilog="Example: mainstem decay --apply")
def decay_command(
    platform: PlatformOption = DEFAULT_PLATFORM,
    project: Annotated[
        Path | None,
        typer.Option(
            help="The dbt project that was built; else the platform file's, else mainstem's."
        ),
    ] = None,
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Drop it; else it is shown.")] = False,
    more_than_half: Annotated[
        bool,
        typer.Option(
            "--more-than-half",
            help="Go on where most of a region's records would go, or clock and ledger disagree.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Drop detail from the warehouse that is older than its region's rule; show it without --apply.

    Sums by hour and day stay, and their days are closed: late rows are added to them, and no build
    makes them anew. Exit code 1: a region stands still until a person says --more-than-half.
    """
    loaded = load_platform(platform)
    with showing("planning") as progress:
        plan = plan_decay(loaded, project=project, progress=progress)
    went = None
    if apply:
        with showing("dropping") as progress:
            went = decay(loaded, plan, insist=more_than_half, progress=progress)
    if as_json:
        print_json(document(plan, went))
    else:
        show(plan, went, insist=more_than_half)
    if code := exit_code(plan, insist=more_than_half):
        raise typer.Exit(code)


def exit_code(plan: DecayPlan, *, insist: bool) -> int:
    """Tell whether a region stands still."""
    return int(any(region.stops for region in plan.regions) and not insist)


def document(plan: DecayPlan, went: dict[str, int] | None) -> dict[str, object]:
    """Say it for machines."""
    return {
        "applied": went is not None,
        "at": plan.at.isoformat(),
        "built_load": plan.built.load_id,
        "regions": [
            {
                "region": region.region,
                "cuts": [asdict(cut) | {"before": cut.before.isoformat()} for cut in region.cuts],
                "stops": region.stops,
                "dropped": None if went is None else went.get(region.region, 0),
            }
            for region in plan.regions
        ],
        "isolated": plan.isolated,
    }


def show(plan: DecayPlan, went: dict[str, int] | None, *, insist: bool) -> None:
    """Print it for people."""
    for region in plan.regions:
        for stop in region.stops:
            what = "goes on" if insist else "stands still"
            stderr.print(
                f"{region.region} {what}: {stop}", markup=False, highlight=False, soft_wrap=True
            )
    rows = [
        (region.region, cut.table, cut.grain, f"{cut.before}", cut.rows, cut.becomes)
        for region in plan.regions
        for cut in region.cuts
    ]
    if rows:
        print_table(
            f"Decay at {plan.at:%Y-%m-%d %H:%M} UTC",
            ["region", "table", "what goes", "from before", "rows", "what stays"],
            rows,
        )
    if any(region.stops for region in plan.regions) and not insist:
        stdout.print("If that is as it should be, run again with --more-than-half.")
    if went is not None:
        stdout.print(f"dropped {sum(went.values()):,} rows", highlight=False)
    elif rows:
        stdout.print("nothing was dropped: run again with --apply")
    elif plan.regions:
        stdout.print("nothing is old enough")
    elif not plan.isolated:
        stdout.print("no region has a `decay` rule: the warehouse keeps everything")
    for name in plan.isolated:
        stdout.print(f"{name}: isolated; run `mainstem decay` with its own file, there")
