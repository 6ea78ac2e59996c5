"""`mainstem doctor`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from mainstem.cli.app import app
from mainstem.cli.output import (
    DEFAULT_PLATFORM,
    JsonOption,
    PlatformOption,
    print_json,
    showing,
    stdout,
)
from mainstem.config.platform import load_platform
from mainstem.doctor import examine
from mainstem.doctor.stores import LifecycleRules
from mainstem.errors import UsageError


@app.command(
    name="doctor", epilog="Example: mainstem doctor --lifecycle az://contosoeuc=policy.json"
)
def doctor_command(
    platform: PlatformOption = DEFAULT_PLATFORM,
    *,
    lifecycle: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ACCOUNT=FILE",
            help="An account's lifecycle policy, as `az storage account management-policy show` "
            "prints it; may be given several times.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check a deployment for what is known to go wrong, and say how to mend it.

    Nothing is changed. Exit code 1: something was found.
    """
    loaded = load_platform(platform)
    policies = [_policy(given) for given in lifecycle or []]
    with showing("examining") as progress:
        found = examine(loaded, policies, progress)
    if as_json:
        print_json(asdict(found))
    else:
        for name, findings in found.checks.items():
            stdout.print(f"{'✗' if findings else '✓'} {name}", markup=False, highlight=False)
            for finding in findings:
                _say(f"    {finding.subject}: {finding.evidence}")
                if finding.cure:
                    _say(f"      → {finding.cure}")
        for region in found.isolated:
            _say(f"{region}: isolated; run `mainstem doctor` with its own file, there")
    if not found.well:
        raise typer.Exit(1)


def _policy(given: str) -> LifecycleRules:
    account, _, file = given.partition("=")
    try:
        policy = json.loads(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"--lifecycle {given}: {error.strerror}") from None
    except ValueError:
        policy = None
    if not isinstance(policy, dict):
        raise UsageError(f"--lifecycle {given}: the file is not a policy in JSON")
    return LifecycleRules(account, policy)


def _say(text: str) -> None:
    stdout.print(text, markup=False, highlight=False, soft_wrap=True)
