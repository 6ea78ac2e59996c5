"""`mainstem run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from mainstem.cli import alerts, build, decay, load, replicate, retain
from mainstem.cli.app import app
from mainstem.cli.load import RegionsOption, ReplayOption, regions_of
from mainstem.cli.output import (
    DEFAULT_PLATFORM,
    JsonOption,
    PlatformOption,
    print_json,
    showing,
    stderr,
    stdout,
)
from mainstem.config.platform import load_platform
from mainstem.load import Choice
from mainstem.pipeline import run_pass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mainstem.aggregates import Publication
    from mainstem.pipeline import Pass


@app.command(name="run", epilog="Example: mainstem run --platform mainstem.yaml")
def run_command(
    platform: PlatformOption = DEFAULT_PLATFORM,
    *,
    region: RegionsOption = None,
    replay: ReplayOption = None,
    as_json: JsonOption = False,
) -> None:
    """Do one scheduled pass: replicate, load and build. Run it daily, from any scheduler.

    With `run: {decay: true}` in the platform file it also drops old detail from the warehouse, with
    `retain: true` blobs that are as old as they may be; a region of residency `aggregates`
    publishes its weekly counts; rules under `alerts` are asked.

    A pass takes up whatever is new, however late, and a second one finds nothing. Exit codes are
    those of the commands; the first that is not 0 counts.
    """
    loaded = load_platform(platform)
    choice = Choice(regions=regions_of(loaded, region), replay=replay.date() if replay else None)
    with showing("running") as progress:
        done = run_pass(loaded, progress, choice)
    if as_json:
        print_json(
            {
                "replicate": replicate.document(done.replication),
                "load": load.document(done.loaded),
                "build": build.document(done.built),
                "aggregates": _published(done.published),
                "decay": decay.document(*done.decayed) if done.decayed else None,
                "retain": retain.document(*done.retention) if done.retention else None,
                "alerts": alerts.document(done.alerts) if done.alerts else None,
            }
        )
    else:
        replicate.show(done.replication)
        load.show(done.loaded)
        build.show(done.built)
        for week in done.published.published if done.published else ():
            stdout.print(f"published the counts of {week.name}: {len(week.cells):,} cells")
        for problem in done.published.problems if done.published else ():
            stderr.print(problem, markup=False, soft_wrap=True)
        if done.decayed:
            decay.show(*done.decayed, insist=False)
        if done.retention:
            retain.show(*done.retention, insist=False)
        if done.alerts:
            alerts.show(done.alerts)
    for code in _exit_codes(done):
        if code:
            raise typer.Exit(code)


def _exit_codes(done: Pass) -> Iterator[int]:
    """Give the exit codes that the commands would have had, in the order of the pass."""
    yield replicate.exit_code(done.replication)
    yield load.exit_code(done.loaded)
    if done.published:
        yield int(bool(done.published.problems))
    if done.decayed:
        yield decay.exit_code(done.decayed[0], insist=False)
    if done.retention:
        yield retain.exit_code(*done.retention, insist=False)
    if done.alerts:
        yield alerts.exit_code(done.alerts)


def _published(done: Publication | None) -> dict[str, object] | None:
    if done is None:
        return None
    return {"weeks": [week.name for week in done.published], "problems": done.problems}
