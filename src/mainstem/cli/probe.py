"""`mainstem probe`: say whether the way of the data is open."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from mainstem.cli.app import app
from mainstem.cli.output import JsonOption, print_json, stdout
from mainstem.config.platform import load_platform
from mainstem.errors import UsageError
from mainstem.probe import State, probe

MARKS = {State.OK: "✓", State.PENDING: "…", State.SKIPPED: "-", State.FAILED: "✗"}


@app.command(
    "probe",
    epilog="Example: mainstem probe http://localhost:4318 --platform mainstem.yaml --region euc",
)
def probe_command(
    endpoint: Annotated[str, typer.Argument(help="The collector's OTLP/HTTP address.")],
    platform: Annotated[
        Path | None, typer.Option(envvar="MAINSTEM_PLATFORM", help="The platform file.")
    ] = None,
    region: Annotated[str | None, typer.Option(help="The collector's region.")] = None,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the blobs.", min=0)] = 60,
    *,
    through: Annotated[
        bool, typer.Option("--through", help="Replicate and load, to follow them to the end.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Send one record of each signal and say how far it gets.

    With --platform and --region: to blob, ledger, central copy and warehouse. Exit code 1 where a
    record is refused or lost from sight, 3 where the collector does not answer.
    """
    if region is not None and platform is None:
        raise UsageError("--region needs --platform")
    if through and region is None:
        raise UsageError("--through needs --platform and --region")
    loaded = load_platform(platform) if platform is not None and region is not None else None
    place = loaded.region(region) if loaded is not None and region is not None else None
    steps = []
    for step in probe(endpoint, loaded, place, wait, through=through):
        steps.append(step)
        if not as_json:
            line = f"{MARKS[step.state]} {step.signal:<8}{step.stage:<10}{step.text}"
            stdout.print(line, markup=False, highlight=False, soft_wrap=True)
    if as_json:
        print_json([asdict(step) for step in steps])
    if any(step.state is State.FAILED for step in steps):
        raise typer.Exit(1)
