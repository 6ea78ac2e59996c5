"""`mainstem build`."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Annotated

import typer

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
from mainstem.model import BuildOutcome, NodeResult, build


@app.command(name="build", epilog="Example: mainstem build --platform mainstem.yaml")
def build_command(
    platform: PlatformOption = DEFAULT_PLATFORM,
    project: Annotated[
        Path | None,
        typer.Option(help="Your own dbt project; else the platform file's, else mainstem's."),
    ] = None,
    *,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Build all days anew, not only those touched.")
    ] = False,
    keep_closed: Annotated[
        bool,
        typer.Option(
            "--keep-closed", help="The same, but for days whose detail has decayed: they stay."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Turn what was loaded into gold tables with dbt, test them and publish them.

    Only the days that new loads touched are built; with nothing new, nothing happens. Exit code 2:
    a model or a test failed, and nothing was published; 3: another process holds the warehouse.
    """
    loaded = load_platform(platform)
    with showing("building") as progress:
        outcome = build(
            loaded,
            project=project,
            full_refresh=full_refresh,
            keep_closed=keep_closed,
            progress=progress,
        )
    if as_json:
        print_json(document(outcome))
    elif outcome.nothing_new:
        stdout.print(
            f"nothing new to build: {outcome.build.build_id} holds load "
            f"{outcome.build.newest_load}, {outcome.build.reach}",
            soft_wrap=True,
        )
    else:
        show(outcome)
    if not as_json and outcome.stale_operations is not None:
        stdout.print(
            f"the platform's own state was not published: {outcome.stale_operations}",
            markup=False,
            soft_wrap=True,
        )


def _tests(results: list[NodeResult]) -> dict[str, list[NodeResult]]:
    tests: dict[str, list[NodeResult]] = defaultdict(list)
    for result in results:
        if result.tested is not None:
            tests[result.tested].append(result)
    return tests


def show(outcome: BuildOutcome) -> None:
    """Print it for people."""
    tests = _tests(outcome.results)
    rows = {table.name: table.rows for table in outcome.build.tables}
    print_table(
        f"Built: {outcome.why}",
        ["model", "built as", "rows published", "tests passed", "seconds"],
        [
            (
                model.name,
                model.materialized,
                f"{rows[model.name]:,}" if model.name in rows else "",
                f"{sum(test.passed for test in tests[model.name])} of {len(tests[model.name])}",
                f"{model.seconds:.2f}",
            )
            for model in outcome.results
            if model.kind == "model"
        ],
        caption=f"{outcome.build.build_id}, {outcome.build.reach}, published in {outcome.folder}",
    )


def document(outcome: BuildOutcome) -> dict[str, object]:
    """Say it for machines."""
    build = outcome.build
    return {
        "nothing_new": outcome.nothing_new,
        "why": outcome.why,
        "build_id": build.build_id,
        "built_at": build.built_at,
        "newest_load": build.newest_load,
        "data_date": build.data_date,
        "full_refresh": build.full_refresh,
        "folder": str(outcome.folder),
        "stale_operations": outcome.stale_operations,
        "tables": [
            {"kind": table.kind, "name": table.name, "rows": table.rows} for table in build.tables
        ],
        "results": [
            {
                "name": result.name,
                "kind": result.kind,
                "status": result.status,
                "seconds": round(result.seconds, 3),
                "path": result.path,
            }
            for result in outcome.results
        ],
    }
