"""What a message says, and the shapes that its receivers expect.

Slack: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
Teams: https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mainstem.alert.episodes import News
from mainstem.alert.finding import Severity
from mainstem.config.alerts import Shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from mainstem.alert.episodes import Delivery
    from mainstem.config.dashboard import Dashboard

FORMAT = "mainstem.alert/1"
_BEGINS = {News.OPENED: "", News.WORSE: "Worse: ", News.RECOVERED: "Over: "}
_MARKS = {Severity.WARNING: "🟠", Severity.CRITICAL: "🔴"}
_OVER = "🟢"


@dataclass(frozen=True)
class Message:
    """A message for people, whatever carries it."""

    delivery: Delivery
    environment: str
    link: str | None

    @classmethod
    def of(cls, delivery: Delivery, dashboard: Dashboard, environment: str) -> Message:
        """Make the message that a delivery owes."""
        return cls(delivery, environment, dashboard.link(delivery.episode.finding.page))

    @property
    def title(self) -> str:
        """One line: what, and for whom."""
        finding = self.delivery.episode.finding
        return f"{_BEGINS[self.delivery.news]}{finding.whom}: {finding.title}"

    @property
    def facts(self) -> dict[str, str]:
        """What stands below the title, by its heading."""
        episode = self.delivery.episode
        finding = episode.finding
        facts = {
            "Why": finding.why,
            "Since": finding.since or episode.opened_at,
            "Until": episode.closed_at if self.delivery.news is News.RECOVERED else None,
            "Region": finding.region,
            "Looked after by": episode.acknowledged_by,
            "Look": self.link or f"`mainstem dashboard`, page {finding.page.partition('?')[0]}",
            "Episode": f"{episode.id} ({finding.rule}, {self.environment})",
        }
        return {name: text for name, text in facts.items() if text}

    @property
    def text(self) -> str:
        """The whole message as plain text."""
        return "\n".join(
            [self.title, "", *(f"{name}: {text}" for name, text in self.facts.items())]
        )

    @property
    def mark(self) -> str:
        """A sign that shows at a glance how bad it is."""
        if self.delivery.news is News.RECOVERED:
            return _OVER
        return _MARKS[self.delivery.episode.severity]


def document(message: Message, shape: Shape) -> dict[str, Any]:
    """Give the JSON that a webhook's receiver expects."""
    return _SHAPES[shape](message)


def _json(message: Message) -> dict[str, Any]:
    delivery = message.delivery
    episode = delivery.episode
    finding = episode.finding
    return {
        "format": FORMAT,
        "id": delivery.id,
        "news": delivery.news,
        "episode": episode.id,
        "environment": message.environment,
        "rule": finding.rule,
        "severity": episode.severity,
        "title": message.title,
        "why": finding.why,
        "since": finding.since,
        "opened_at": episode.opened_at,
        "closed_at": episode.closed_at,
        "acknowledged_by": episode.acknowledged_by,
        "region": finding.region,
        "tenant_id": finding.tenant_id,
        "account_id": finding.account_id,
        "account_name": finding.account_name,
        "owner": finding.owner,
        "numbers": dict(finding.numbers),
        "link": message.link,
        "page": finding.page,
    }


def _slack(message: Message) -> dict[str, Any]:
    shown = {name: text for name, text in message.facts.items() if name not in ("Look", "Episode")}
    lines = "\n".join(f"*{name}:* {_slack_text(text)}" for name, text in shown.items())
    blocks: list[dict[str, Any]] = [
        {
            "type": "section",
            "text": {
                "type": "mrkdwn",
                "text": f"{message.mark} *{_slack_text(message.title)}*\n{lines}",
            },
        },
        {
            "type": "context",
            "elements": [{"type": "mrkdwn", "text": f"Episode {message.facts['Episode']}"}],
        },
    ]
    if message.link is not None:
        button = {"type": "plain_text", "text": "Open the page"}
        blocks.append(
            {
                "type": "actions",
                "elements": [{"type": "button", "text": button, "url": message.link}],
            }
        )
    return {"text": f"{message.mark} {_slack_text(message.title)}", "blocks": blocks}


def _slack_text(text: str) -> str:
    """Escape what Slack reads as a mention or a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _teams(message: Message) -> dict[str, Any]:
    shown = {name: text for name, text in message.facts.items() if name != "Look"}
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            {
                "type": "TextBlock",
                "text": f"{message.mark} {message.title}",
                "weight": "Bolder",
                "size": "Medium",
                "wrap": True,
            },
            {
                "type": "FactSet",
                "facts": [{"title": name, "value": text} for name, text in shown.items()],
            },
        ],
    }
    if message.link is not None:
        card["actions"] = [
            {"type": "Action.OpenUrl", "title": "Open the page", "url": message.link}
        ]
    content = "application/vnd.microsoft.card.adaptive"
    return {
        "type": "message",
        "attachments": [{"contentType": content, "contentUrl": None, "content": card}],
    }


_SHAPES: dict[Shape, Callable[[Message], dict[str, Any]]] = {
    Shape.JSON: _json,
    Shape.SLACK: _slack,
    Shape.TEAMS: _teams,
}
