"""The shapes that receivers expect."""

from __future__ import annotations

from typing import Any

import pytest

from mainstem.alert.episodes import Delivery, Episode, News
from mainstem.alert.finding import Finding, Severity
from mainstem.alert.message import Message, document
from mainstem.config.alerts import Rule, Shape
from mainstem.config.dashboard import Dashboard


def message(news: News = News.OPENED, address: str | None = "https://pages/") -> Message:
    finding = Finding(
        rule=Rule.LICENSE_HEADROOM,
        subject="euc/t-1/seats",
        severity=Severity.CRITICAL,
        title="seats: the license limit is reached",
        why="101 of 100 seats <!channel> & more",
        page="licenses?tenant=t-1",
        since="2026-11-21",
        region="euc",
        tenant_id="t-1",
        account_name="A & B",
    )
    closed = "2026-11-25T08:00:00+00:00" if news is News.RECOVERED else None
    episode = Episode(7, finding, Severity.CRITICAL, "2026-11-24", closed, None, None, "Ada", None)
    dashboard = Dashboard(address=address)
    return Message.of(Delivery(3, episode, news, "ops", 0, None), dashboard, "prod")


def test_slack_reads_no_mention_in_what_we_write() -> None:
    made = document(message(), Shape.SLACK)
    text = made["blocks"][0]["text"]["text"]
    assert "🔴 *A &amp; B (t-1): seats: the license limit is reached*" in text
    assert "&lt;!channel&gt; &amp; more" in text
    assert made["blocks"][2]["elements"][0]["url"] == "https://pages/licenses?tenant=t-1"


def test_teams_gets_an_adaptive_card() -> None:
    (attachment,) = document(message(), Shape.TEAMS)["attachments"]
    card: dict[str, Any] = attachment["content"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    facts = {fact["title"]: fact["value"] for fact in card["body"][1]["facts"]}
    assert facts["Since"] == "2026-11-21"
    assert facts["Looked after by"] == "Ada"
    assert facts["Episode"] == "7 (license_headroom, prod)"
    assert card["actions"][0]["url"] == "https://pages/licenses?tenant=t-1"


def test_what_is_over_says_until_when() -> None:
    told = message(News.RECOVERED)
    assert told.title == "Over: A & B (t-1): seats: the license limit is reached"
    assert told.facts["Until"] == "2026-11-25T08:00:00+00:00"
    assert told.mark == "🟢"


@pytest.mark.parametrize("shape", [Shape.SLACK, Shape.TEAMS])
def test_without_an_address_there_is_nothing_to_press(shape: Shape) -> None:
    made = document(message(address=None), shape)
    assert "https://pages" not in str(made)
    assert message(address=None).facts["Look"] == "`mainstem dashboard`, page licenses"
