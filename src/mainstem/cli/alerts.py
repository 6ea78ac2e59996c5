"""`mainstem alerts`."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mainstem.alert import AlertRun, alert, deliver, open_episodes, state_file
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
from mainstem.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mainstem.alert import Episode

alerts_app = typer.Typer(invoke_without_command=True)
app.add_typer(alerts_app, name="alerts")


@alerts_app.callback(epilog="Example: mainstem alerts")
def alerts_command(
    context: typer.Context,
    platform: PlatformOption = DEFAULT_PLATFORM,
    *,
    only_deliver: Annotated[
        bool, typer.Option("--deliver", help="Ask no rule: send what is still owed.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Ask the rules that stand under `alerts` in the platform file, and tell people what is new.

    Run it after each build. Each thing is told once, when it begins, and again when it is over. A
    message that a receiver does not take is kept and tried again. Exit code 3: a message is still
    owed.
    """
    if context.invoked_subcommand is not None:
        return
    loaded = load_platform(platform)
    if not loaded.alerts.rules and not only_deliver:
        raise UsageError(
            f"{platform} has no rules of alerts",
            hint="Write one under `alerts`, as `license_headroom: {share: 0.9}` (docs/alerts.md).",
        )
    with showing("alerts") as progress:
        done = (
            deliver(loaded, progress=progress) if only_deliver else alert(loaded, progress=progress)
        )
    if as_json:
        print_json(document(done))
    else:
        show(done)
    if code := exit_code(done):
        raise typer.Exit(code)


@alerts_app.command("list", epilog="Example: mainstem alerts list --all")
def list_command(
    platform: PlatformOption = DEFAULT_PLATFORM,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the episodes that hold, with who looks after each."""
    with open_episodes(state_file(load_platform(platform))) as episodes:
        found = episodes.all() if everything else episodes.open_ones()
    if as_json:
        print_json([_episode(each) for each in found])
    else:
        _print_episodes("Alerts", found)


@alerts_app.command("ack", epilog='Example: mainstem alerts ack 12 --note "called them"')
def ack_command(
    number: Annotated[int, typer.Argument(metavar="EPISODE", help="Its number.")],
    platform: PlatformOption = DEFAULT_PLATFORM,
    *,
    by: Annotated[
        str | None, typer.Option("--by", help="Who looks after it; else who is signed in.")
    ] = None,
    note: Annotated[str | None, typer.Option("--note", help="What others should know.")] = None,
) -> None:
    """Say that somebody looks after an episode; it stands in the table and in later messages."""
    name = by or getpass.getuser()
    with open_episodes(state_file(load_platform(platform))) as episodes:
        done = episodes.acknowledge(number, name, note, datetime.now(UTC))
    if not done:
        raise UsageError(
            f"there is no open episode {number}", hint="`mainstem alerts list` shows those."
        )
    stdout.print(f"{name} looks after episode {number}", markup=False)


def exit_code(done: AlertRun) -> int:
    """Give 3 where a message is still owed."""
    return 3 if done.owed else 0


def show(done: AlertRun) -> None:
    """Print a run for people."""
    for title, episodes in (
        ("New", done.opened),
        ("Worse", done.worse),
        ("Over", done.recovered),
    ):
        if episodes:
            _print_episodes(title, episodes)
    for rule, reason in done.evaluation.undecided.items():
        stdout.print(f"{rule}: cannot decide: {reason}", markup=False, soft_wrap=True)
    muted = f", {len(done.muted)} muted" if done.muted else ""
    stdout.print(
        f"{len(done.open)} open{muted}; {len(done.opened)} new, {len(done.recovered)} over; "
        f"{done.delivered} messages delivered, {len(done.owed)} owed",
        highlight=False,
    )
    for delivery, reason in done.owed:
        stderr.print(
            f"{delivery.channel}: episode {delivery.episode.id} is not delivered: {reason}; "
            "it is kept, and `mainstem alerts --deliver` tries again",
            markup=False,
            soft_wrap=True,
        )


def _print_episodes(title: str, episodes: Sequence[Episode]) -> None:
    print_table(
        title,
        ("episode", "rule", "severity", "whom", "what", "why", "since", "looked after by"),
        [
            (
                str(each.id),
                each.finding.rule,
                each.severity,
                each.finding.whom,
                each.finding.title,
                each.finding.why,
                each.finding.since or each.opened_at,
                each.acknowledged_by or "",
            )
            for each in episodes
        ],
    )


def document(done: AlertRun) -> dict[str, Any]:
    """Give a run as a document."""
    return {
        **{
            name: [_episode(each) for each in getattr(done, name)]
            for name in ("opened", "worse", "recovered", "muted", "open")
        },
        "undecided": {rule.value: reason for rule, reason in done.evaluation.undecided.items()},
        "delivered": done.delivered,
        "owed": [
            {
                "id": delivery.id,
                "episode": delivery.episode.id,
                "channel": delivery.channel,
                "reason": reason,
            }
            for delivery, reason in done.owed
        ],
    }


def _episode(episode: Episode) -> dict[str, Any]:
    return asdict(episode)
