"""docs/alerts.md: a section for each rule, with the message that a run gives."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from published_build import publish
from published_platform import LATER, TABLES

from mainstem.alert import alert
from mainstem.alert.episodes import Delivery, News
from mainstem.alert.message import Message
from mainstem.config.alerts import Rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from mainstem.config.platform import Platform

PAGE = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text()


@pytest.fixture
def messages(platform: Callable[[str], Platform]) -> dict[Rule, list[str]]:
    loaded = platform("".join(f"  {rule}: {{}}\n" for rule in Rule))
    publish(loaded.published, TABLES)
    found: dict[Rule, list[str]] = {}
    for episode in alert(loaded, now=LATER).opened:
        delivery = Delivery(1, episode, News.OPENED, "ops", 0, None)
        text = Message.of(delivery, loaded.dashboard, loaded.environment).text
        found.setdefault(episode.finding.rule, []).append(text)
    return found


def test_every_rule_is_shown_with_what_a_run_gives(messages: dict[Rule, list[str]]) -> None:
    sections = dict(re.findall(r"^### (\w+)\n(.+?)(?=^###? |\Z)", PAGE, re.MULTILINE | re.DOTALL))
    assert set(sections) == set(Rule)
    for rule, section in sections.items():
        shown = re.findall(r"```text\n(.+?)\n```", section, re.DOTALL)
        assert shown == messages[Rule(rule)], rule
