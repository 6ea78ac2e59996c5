"""Whole runs, with real receivers: once an episode, recovery, mutes, routing, nothing lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from published_build import headroom, publish
from typer.testing import CliRunner

import mainstem.cli.alerts
from mainstem.alert import ALERTS, alert, deliver, open_episodes, state_file
from mainstem.cli.app import app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from receivers import Mailbox, Webhook

    from mainstem.alert import AlertRun
    from mainstem.config.platform import Platform

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
MART = "gold.mart_license_headroom"


def run(platform: Platform, at: datetime = NOW) -> AlertRun:
    return alert(platform, now=at, pause=lambda _: None)


def limits(platform: Platform, *rows: dict[str, Any], **tables: Any) -> None:
    """Publish a build with these rows of headroom; one that is clear stands for none."""
    publish(platform.published, {MART: [*rows, headroom("clear", 1, 100, limit_status="clear")]})


def one_hook(hook: Webhook, more: str = "") -> str:
    return (
        f"  channels: {{ops: {{webhook: '{hook.url()}'}}}}\n"
        f"  license_headroom: {{share: 0.9, days: 30}}\n{more}"
    )


def test_an_episode_is_told_once_and_when_it_is_over(
    platform: Callable[[str], Platform], hook: Webhook
) -> None:
    loaded = platform(one_hook(hook))
    limits(loaded, headroom("t-1", 95, 100))
    first = run(loaded)
    assert [each.finding.tenant_id for each in first.opened] == ["t-1"]
    assert not run(loaded).opened
    (told,) = hook.bodies
    assert told["title"] == "Account t-1 (t-1): seats: 95.0% of the license limit is used"
    assert told["why"].startswith("95 of 100 seats are used, 95.0%. It grows by 1.5 a day.")
    assert told["link"] == "https://pages.example/licenses?customer=A-t-1&metric=seats"
    assert (told["news"], told["severity"]) == ("opened", "warning")
    limits(loaded)
    assert len(run(loaded, NOW + timedelta(days=1)).recovered) == 1
    assert [body["news"] for body in hook.bodies] == ["opened", "recovered"]
    assert hook.bodies[1]["closed_at"] == "2026-11-25T08:00:00+00:00"
    limits(loaded, headroom("t-1", 95, 100))
    assert run(loaded).opened[0].id == 2


def test_what_grows_worse_is_told_again(platform: Callable[[str], Platform], hook: Webhook) -> None:
    loaded = platform(one_hook(hook))
    for used in (95, 101, 97, 102):
        limits(loaded, headroom("t-1", used, 100))
        run(loaded)
    assert [(body["news"], body["severity"]) for body in hook.bodies] == [
        ("opened", "warning"),
        ("worse", "critical"),
    ]


def test_a_limit_that_will_be_reached_soon_is_told_with_its_days(
    platform: Callable[[str], Platform], hook: Webhook
) -> None:
    soon = {
        "projected_on": date(2026, 12, 10),
        "projected_earliest": date(2026, 12, 5),
        "projected_latest": None,
    }
    loaded = platform(one_hook(hook))
    limits(loaded, headroom("t-1", 70, 100, **soon), headroom("t-2", 70, 100))
    run(loaded)
    (told,) = hook.bodies
    assert "it is full on 2026-12-10 (between 2026-12-05 and later)" in told["why"]


def test_a_failed_delivery_is_kept_and_tried_again(
    platform: Callable[[str], Platform], hook: Webhook
) -> None:
    loaded = platform(one_hook(hook))
    limits(loaded, headroom("t-1", 95, 100))
    hook.answers[:] = [503, 500, 429]
    done = run(loaded)
    assert [reason for _, reason in done.owed] == ["HTTP 429"]
    assert not hook.bodies
    assert deliver(loaded, pause=lambda _: None).delivered == 1
    assert hook.headers[0]["Idempotency-Key"] == "mainstem-test-1"
    assert deliver(loaded).delivered == 0


def test_what_passes_in_a_moment_is_delivered_by_the_same_run(
    platform: Callable[[str], Platform], hook: Webhook
) -> None:
    loaded = platform(one_hook(hook))
    limits(loaded, headroom("t-1", 95, 100))
    hook.answers[:] = [503]
    pauses: list[float] = []
    done = alert(loaded, now=NOW, pause=pauses.append)
    assert (done.delivered, done.owed, pauses) == (1, [], [2.0])


def test_a_receiver_that_refuses_is_not_pressed(
    platform: Callable[[str], Platform], hook: Webhook
) -> None:
    loaded = platform(one_hook(hook))
    limits(loaded, headroom("t-1", 95, 100))
    hook.answers[:] = [404]
    done = alert(loaded, now=NOW, pause=lambda _: pytest.fail("it will not be taken"))
    assert [reason for _, reason in done.owed] == ["HTTP 404"]


def test_no_redirect_is_followed(platform: Callable[[str], Platform], hook: Webhook) -> None:
    loaded = platform(one_hook(hook))
    limits(loaded, headroom("t-1", 95, 100))
    hook.answers[:] = [302]
    assert [reason for _, reason in run(loaded).owed] == ["HTTP 302"]
    assert hook.paths == ["/hook"]


def test_a_secret_in_an_address_shows_nowhere(
    platform: Callable[[str], Platform], platform_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK", "http://127.0.0.1:9/services/T0/hidden-token")
    loaded = platform(
        "  channels: {ops: {webhook: '${env:HOOK}'}}\n  license_headroom: {share: 0.9}\n"
    )
    limits(loaded, headroom("t-1", 95, 100))
    assert [reason for _, reason in run(loaded).owed] == ["nothing listens there"]
    monkeypatch.setattr("mainstem.alert.run.PAUSE_S", 0.0)
    arguments = ["alerts", "--deliver", "--platform", str(platform_file)]
    for options in ([], ["--json"]):
        shown = CliRunner().invoke(app, [*arguments, *options])
        assert shown.exit_code == 3
        assert "hidden-token" not in shown.output
    assert "hidden-token" not in repr(loaded)
    assert b"hidden-token" not in state_file(loaded).read_bytes()
    assert b"hidden-token" not in (loaded.published / ALERTS).read_bytes()


def test_a_mute_holds_back_and_is_told_after_it(
    platform: Callable[[str], Platform], hook: Webhook
) -> None:
    loaded = platform(
        one_hook(
            hook,
            "  mutes: [{since: '2026-11-24T00:00:00Z', until: '2026-11-25T00:00:00Z',\n"
            "    rule: license_headroom, tenant: t-1}]\n",
        )
    )
    limits(loaded, headroom("t-1", 95, 100), headroom("t-2", 95, 100))
    done = run(loaded)
    assert [each.finding.tenant_id for each in done.muted] == ["t-1"]
    assert [body["tenant_id"] for body in hook.bodies] == ["t-2"]
    run(loaded, NOW + timedelta(days=1))
    assert [body["tenant_id"] for body in hook.bodies] == ["t-2", "t-1"]


def test_what_was_muted_to_its_end_is_never_told(
    platform: Callable[[str], Platform], hook: Webhook
) -> None:
    loaded = platform(
        one_hook(
            hook, "  mutes: [{since: '2026-11-24T00:00:00Z', until: '2026-11-25T00:00:00Z'}]\n"
        )
    )
    limits(loaded, headroom("t-1", 95, 100))
    run(loaded)
    limits(loaded)
    assert len(run(loaded, NOW + timedelta(days=2)).recovered) == 1
    assert not hook.bodies


def test_an_accounts_owner_is_told_in_place_of_the_rules_channels(
    platform: Callable[[str], Platform], hook: Webhook
) -> None:
    loaded = platform(
        f"  channels:\n    all: {{webhook: '{hook.url('all')}'}}\n"
        f"    emea: {{webhook: '{hook.url('emea')}'}}\n"
        "  owners: {emea-team: [emea]}\n  license_headroom: {channels: [all]}\n"
    )
    accounts = [
        {"account_id": "A-t-1", "is_current": True, "owner": "emea-team"},
        {"account_id": "A-t-2", "is_current": True, "owner": "nobody-known"},
    ]
    rows = [headroom("t-1", 95, 100), headroom("t-2", 95, 100)]
    publish(loaded.published, {MART: rows, "gold.dim_account": accounts})
    run(loaded)
    assert sorted(zip(hook.paths, (body["tenant_id"] for body in hook.bodies), strict=True)) == [
        ("/all", "t-2"),
        ("/emea", "t-1"),
    ]


def test_mail_reaches_colleagues(platform: Callable[[str], Platform], mailbox: Mailbox) -> None:
    loaded = platform(mail_channel(mailbox) + "  license_headroom: {}\n")
    limits(loaded, headroom("t-1", 95, 100))
    assert run(loaded).delivered == 1
    ((sender, to, text),) = mailbox.letters
    assert (sender, to) == ("mainstem@contoso.example", ["ops@contoso.example"])
    assert "Subject: Account t-1 (t-1): seats: 95.0% of the license limit is used" in text
    assert "Message-ID: <mainstem-test-1@contoso.example>" in text.replace("\r\n ", " ")


def mail_channel(mailbox: Mailbox, to: str = "[ops@contoso.example]") -> str:
    return (
        "  channels:\n    mail:\n"
        f"      smtp: {{host: 127.0.0.1, port: {mailbox.port}, security: none}}\n"
        f"      sender: mainstem@contoso.example\n      to: {to}\n"
    )


def test_a_refused_recipient_is_kept_and_never_named(
    platform: Callable[[str], Platform], mailbox: Mailbox
) -> None:
    loaded = platform(mail_channel(mailbox) + "  license_headroom: {}\n")
    limits(loaded, headroom("t-1", 95, 100))
    mailbox.answers[:] = ["550 no such person ops@contoso.example"]
    ((_, reason),) = run(loaded).owed
    assert reason == "recipients refused: SMTP 550"
    assert deliver(loaded).delivered == 1


CUSTOMERS = (
    "  customers: {contacts: crm.csv, address: contact, via: mail}\n"
    "  license_headroom: {share: 0.9, customers: true}\n"
)


def test_a_customer_is_told_at_an_address_that_is_stored_nowhere(
    platform: Callable[[str], Platform], mailbox: Mailbox, tmp_path: Path
) -> None:
    loaded = platform(mail_channel(mailbox, "[]") + CUSTOMERS)
    contacts = tmp_path / "crm.csv"
    contacts.write_text("account_id,contact\nA-t-1,it.lead@customer.example\n")
    limits(loaded, headroom("t-1", 95, 100), headroom("t-2", 95, 100))
    done = run(loaded)
    assert [(d.channel, reason) for d, reason in done.owed] == [
        ("customer", "crm.csv of contacts has no address for A-t-2")
    ]
    ((_, to, text),) = mailbox.letters
    assert to == ["it.lead@customer.example"]
    assert "You use 95 of the 100 seats that your license includes (95.0%)." in text
    assert "A-t-1" not in text
    contacts.write_text("account_id,contact\nA-t-2,second@customer.example\n")
    assert deliver(loaded).delivered == 1
    written = [file for file in tmp_path.rglob("*") if file.is_file() and file != contacts]
    assert not [file for file in written if b"customer.example" in file.read_bytes()]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "there is no file crm.csv of contacts"),
        ("id,mail\n1,x@y.z\n", "crm.csv of contacts cannot be read (BinderException)"),
        (
            "account_id,contact\nA-t-1,a@b.c\nA-t-1,d@e.f\n",
            "crm.csv of contacts has 2 addresses for A-t-1",
        ),
        ("account_id,contact\nA-t-1,\n", "crm.csv of contacts has no address for A-t-1"),
    ],
)
def test_a_file_of_contacts_that_cannot_be_used_says_so(
    platform: Callable[[str], Platform],
    mailbox: Mailbox,
    tmp_path: Path,
    content: str | None,
    reason: str,
) -> None:
    loaded = platform(mail_channel(mailbox, "[]") + CUSTOMERS)
    if content is not None:
        (tmp_path / "crm.csv").write_text(content)
    limits(loaded, headroom("t-1", 95, 100))
    assert [told for _, told in run(loaded).owed] == [reason]


def test_a_rule_without_its_table_decides_nothing_and_ends_nothing(
    platform: Callable[[str], Platform], hook: Webhook
) -> None:
    loaded = platform(one_hook(hook))
    limits(loaded, headroom("t-1", 95, 100))
    run(loaded)
    publish(loaded.published, {})
    done = run(loaded)
    assert list(done.evaluation.undecided.values()) == [f"the build has no table {MART}"]
    assert (len(done.open), done.recovered) == (1, [])


def test_a_rule_that_was_taken_out_ends_its_episodes_in_silence(
    platform: Callable[[str], Platform], hook: Webhook
) -> None:
    loaded = platform(one_hook(hook))
    limits(loaded, headroom("t-1", 95, 100))
    run(loaded)
    done = run(platform("  freshness: {hours: 36}\n"))
    assert (done.open, len(hook.bodies)) == ([], 1)


def test_the_table_and_the_commands_show_who_looks_after_it(
    platform: Callable[[str], Platform], platform_file: Path, hook: Webhook
) -> None:
    loaded = platform(one_hook(hook))
    limits(loaded, headroom("t-1", 95, 100))
    call("alerts", "--platform", str(platform_file))
    call("alerts", "ack", "1", "--by", "Ada", "--note", "called", "--platform", str(platform_file))
    assert "Ada" in call("alerts", "list", "--platform", str(platform_file))
    limits(loaded)
    assert "1 over" in call("alerts", "--platform", str(platform_file))
    (row,) = pq.read_table(loaded.published / ALERTS).to_pylist()
    assert (row["acknowledged_by"], row["note"], row["messages_taken"]) == ("Ada", "called", 2)
    assert hook.bodies[1]["acknowledged_by"] == "Ada"
    assert "there is no open episode 1" in str(
        CliRunner().invoke(app, ["alerts", "ack", "1", "--platform", str(platform_file)]).exception
    )


def call(*arguments: str) -> str:
    assert mainstem.cli.alerts.app is app
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
import mainstem.alert.run as run
from mainstem.config.platform import load_platform
real = run.post
def post(message, channel):
    if sys.argv[2] == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    real(message, channel)
    os.kill(os.getpid(), signal.SIGKILL)
run.post = post
run.alert(load_platform(Path(sys.argv[1])), now=datetime(2026, 11, 24, 8, tzinfo=UTC))
"""


@pytest.mark.parametrize(("when", "messages"), [("before", 1), ("after", 2)])
def test_a_run_that_is_killed_loses_no_message(
    platform: Callable[[str], Platform],
    platform_file: Path,
    hook: Webhook,
    when: str,
    messages: int,
) -> None:
    """Killed behind the receiver's OK it is sent again, under the same number."""
    loaded = platform(one_hook(hook))
    limits(loaded, headroom("t-1", 95, 100))
    code = subprocess.run(
        [sys.executable, "-c", KILLED, str(platform_file), when],
        check=False,
        env={**os.environ, "no_proxy": "127.0.0.1"},
    ).returncode
    assert code == -signal.SIGKILL
    done = run(loaded)
    assert (done.opened, done.delivered, done.owed) == ([], 1, [])
    assert len(hook.bodies) == messages
    assert {headers["Idempotency-Key"] for headers in hook.headers} == {"mainstem-test-1"}


def test_episodes_of_a_newer_mainstem_and_broken_files_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "alerts.sqlite"
    file.write_bytes(b"not a database, and longer than a header of one would have to be")
    with pytest.raises(Exception, match="Move it away"), open_episodes(file):
        pass
