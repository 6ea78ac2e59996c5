"""`mainstem policy`: what is redacted in a region, and what becomes of a record."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from mainstem.cli.app import app
from mainstem.cli.output import (
    DEFAULT_PLATFORM,
    JsonOption,
    PlatformOption,
    print_json,
    print_table,
    stderr,
    stdout,
)
from mainstem.collect.attempt import attempt
from mainstem.collect.effective import Rule, chosen_collector, differences, effective

policy_app = typer.Typer(help="Show, compare and try what is redacted.", no_args_is_help=True)
app.add_typer(policy_app, name="policy")

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="A collector's configuration; else the region's.")
]
OwnPlatformOption = Annotated[
    Path | None,
    typer.Option("--platform", envvar="MAINSTEM_PLATFORM", help="The platform file."),
]
RegionOption = Annotated[
    str | None, typer.Option("--region", envvar="MAINSTEM_REGION", help="The region.")
]
CHANGED = "bold reverse"


@policy_app.command(
    "show", epilog="Example: mainstem policy show --platform mainstem.yaml --region euc"
)
def show_command(
    config: ConfigOption = None,
    platform: OwnPlatformOption = None,
    region: RegionOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show each rule that holds, where it comes from, and what it does, by class of segment.

    The fingerprint is the one in the ledger; it needs the region's key, which stays in the region.
    Without a configuration and a platform file: what is built in.
    """
    shown = effective(*chosen_collector(config, platform, region))
    if as_json:
        print_json(asdict(shown))
        return
    for segment_class, rules in shown.rules.items():
        fingerprint = shown.fingerprints.get(
            segment_class, "none here: the region's key is elsewhere"
        )
        print_table(
            f"{shown.region}, {segment_class}: fingerprint {fingerprint}",
            ("rule", "from", "effect", "matches"),
            [(rule.name, rule.origin, rule.effect, rule.matches) for rule in rules],
        )


@policy_app.command("diff", epilog="Example: mainstem policy diff euc use")
def diff_command(
    left: Annotated[str, typer.Argument(help="A region.")],
    right: Annotated[str, typer.Argument(help="The region to compare it with.")],
    platform: PlatformOption = DEFAULT_PLATFORM,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show the rules that two regions do not share."""
    found = differences(
        *(effective(*chosen_collector(None, platform, region)) for region in (left, right))
    )
    if as_json:
        print_json([asdict(difference) for difference in found])
    elif found:
        rows = [(d.segment_class, d.name, _brief(d.left), _brief(d.right)) for d in found]
        print_table("Rules that differ", ("class", "rule", left, right), rows)
    else:
        stdout.print(f"{left} and {right} have the same rules")


@policy_app.command(
    "try",
    epilog="Example: mainstem policy try --region euc --platform mainstem.yaml < request.json",
)
def try_command(
    config: ConfigOption = None,
    platform: OwnPlatformOption = None,
    region: RegionOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Read an OTLP/JSON request or a text from standard input and print what would be stored.

    What redaction changed is highlighted, and the rules that did it are named. Nothing is stored.
    """
    tried = attempt(sys.stdin.read(), *chosen_collector(config, platform, region))
    if as_json:
        print_json(asdict(tried))
        return
    # What is piped into a file is what would be stored and nothing else.
    gone = "(removed)\n" if stdout.is_terminal else ""
    styled = [(piece.text or gone, CHANGED if piece.changed else "") for piece in tried.pieces]
    stdout.print(Text.assemble(*styled), end="", soft_wrap=True)
    for rule, count in tried.rules.items():
        stderr.print(f"{rule}: {count}", markup=False, highlight=False)
    if not tried.rules:
        stderr.print("no rule changed anything")
    if not tried.own_key:
        stderr.print("the region's key is not here: its pseudonyms are others")


def _brief(rule: Rule | None) -> str:
    return "-" if rule is None else " ".join(filter(None, (rule.effect, rule.matches)))
