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
from mainstem.collect.examples import check_example, read_examples
from mainstem.collect.learn import learn

policy_app = typer.Typer(
    help="Show, compare, try, test and learn what is redacted.", no_args_is_help=True
)
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


@policy_app.command(
    "test", epilog="Example: mainstem policy test redaction-examples.yaml --region euc"
)
def examples_command(
    file: Annotated[Path, typer.Argument(help="A YAML file of examples.")],
    config: ConfigOption = None,
    platform: OwnPlatformOption = None,
    region: RegionOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Hold a region's policy to examples: what goes in, and what is to be stored of it.

    docs/redaction.md says how they are written. Exit code 1: an example came out otherwise; the
    difference is shown and highlighted.
    """
    given = read_examples(file)
    chosen = chosen_collector(config, platform, region or (given.region if platform else None))
    verdicts = [
        check_example(number, example, *chosen)
        for number, example in enumerate(given.examples, start=1)
    ]
    failed = [verdict for verdict in verdicts if not verdict.passed]
    if as_json:
        print_json([asdict(verdict) for verdict in verdicts])
    else:
        for verdict in failed:
            stdout.print(Text.assemble((verdict.name, "bold")))
            stdout.print(Text(f"  expected: {verdict.expected}"), soft_wrap=True)
            styled = [(piece.text, CHANGED if piece.changed else "") for piece in verdict.pieces]
            stdout.print(Text.assemble("  stored:   ", *styled), soft_wrap=True)
        stdout.print(f"{len(verdicts) - len(failed)} of {len(verdicts)} examples hold")
    if failed:
        raise typer.Exit(1)


@policy_app.command("learn", epilog="Example: mainstem policy learn az://acme --container logs")
def learn_command(
    path: Annotated[str, typer.Argument(help="A blob, a folder of blobs, or a store's address.")],
    container: Annotated[
        str | None, typer.Option("--container", help="The store's container.")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Tell which detectors fire under which keys of blobs that exist already; never a value.

    All detectors are tried, those by choice too, each by itself. Keys whose name alone decides
    (personal keys, secrets) are listed with what becomes of their values.
    """
    learned = learn(path, container)
    if as_json:
        print_json(asdict(learned))
        return
    rows = [
        (
            key.key,
            key.values,
            key.by_name or "",
            ", ".join(f"{name} {count}" for name, count in key.finds.items()),
        )
        for key in learned.keys
    ]
    title = f"{learned.records:,} records in {learned.blobs:,} blobs, {learned.keys_seen:,} keys"
    print_table(title, ("key", "values", "by its name", "finds by detector"), rows)
    if learned.unread:
        stderr.print(f"{learned.unread:,} lines are no OTLP requests")


def _brief(rule: Rule | None) -> str:
    return "-" if rule is None else " ".join(filter(None, (rule.effect, rule.matches)))
