"""One run: ask the rules, follow the episodes, deliver what is owed, publish the table."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mainstem.alert.channels import Refused, mail, post
from mainstem.alert.customers import address_of
from mainstem.alert.episodes import CUSTOMER, KEPT_DAYS, News, open_episodes
from mainstem.alert.finding import Severity
from mainstem.alert.message import Message
from mainstem.alert.rules import Evaluation, evaluate
from mainstem.alert.table import publish_alerts
from mainstem.model import STATE
from mainstem.present.published import reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from mainstem.alert.episodes import Delivery, Episode, Episodes
    from mainstem.alert.finding import Finding
    from mainstem.config.alerts import Alerts
    from mainstem.config.platform import Platform

ATTEMPTS = 3
"""Attempts of one run; what is still not taken is tried again by the next."""
PAUSE_S = 2.0


@dataclass
class AlertRun:
    """What a run did: episodes by what became of them, deliveries, and rules without an answer."""

    evaluation: Evaluation
    opened: list[Episode] = field(default_factory=list)
    worse: list[Episode] = field(default_factory=list)
    recovered: list[Episode] = field(default_factory=list)
    muted: list[Episode] = field(default_factory=list)
    open: list[Episode] = field(default_factory=list)
    delivered: int = 0
    owed: list[tuple[Delivery, str]] = field(default_factory=list)
    """What no receiver has taken, and why."""


def state_file(platform: Platform) -> Path:
    """Name the file of episodes."""
    return platform.alerts.state or platform.published / STATE / "alerts.sqlite"


def alert(
    platform: Platform,
    *,
    progress: Callable[[str], None] = lambda _: None,
    pause: Callable[[float], None] = time.sleep,
    now: datetime | None = None,
) -> AlertRun:
    """Tell what is worth an alert: once an episode, and when it is over.

    UsageError where nothing is published, DataError or Transient where the file of episodes cannot
    be used. A receiver that does not take its message raises nothing: it stands in `owed`.
    """
    at = now or datetime.now(UTC)
    progress("asking the rules")
    with reading(platform.published) as published:
        run = AlertRun(evaluate(published, platform.alerts, at))
    with open_episodes(state_file(platform)) as episodes:
        with episodes.change():
            _follow(run, episodes, platform.alerts, at)
            episodes.forget(at - timedelta(days=KEPT_DAYS))
        _deliver(run, episodes, platform, progress, pause)
        run.open = episodes.open_ones()
        publish_alerts(platform.published, episodes)
    return run


def deliver(
    platform: Platform,
    *,
    progress: Callable[[str], None] = lambda _: None,
    pause: Callable[[float], None] = time.sleep,
) -> AlertRun:
    """Try again what is owed, and ask no rule."""
    run = AlertRun(Evaluation())
    with open_episodes(state_file(platform)) as episodes:
        _deliver(run, episodes, platform, progress, pause)
        run.open = episodes.open_ones()
        publish_alerts(platform.published, episodes)
    return run


def _follow(run: AlertRun, episodes: Episodes, alerts: Alerts, at: datetime) -> None:
    """Begin, go on and end episodes, and queue what is to be told of them."""
    before = {(each.finding.rule, each.finding.subject): each for each in episodes.open_ones()}
    for finding in run.evaluation.findings:
        episode = before.pop((finding.rule, finding.subject), None)
        if episode is None:
            episode = episodes.begin(finding, at)
            run.opened.append(episode)
        else:
            episodes.go_on(episode, finding)
        if _is_muted(alerts, finding, at):
            run.muted.append(episode)
        else:
            _tell(run, episodes, alerts, replace(episode, finding=finding), at)
    for episode in before.values():
        if episode.finding.rule not in run.evaluation.decided:
            # It may hold or not: a rule that is on could not tell. One that is off ends silently.
            if episode.finding.rule not in alerts.rules:
                episodes.end(episode, at)
            continue
        episodes.end(episode, at)
        run.recovered.append(episode)
        if episode.told is not None:
            episodes.queue(episode, News.RECOVERED, episodes.channels_of(episode), at)


def _tell(
    run: AlertRun, episodes: Episodes, alerts: Alerts, episode: Episode, at: datetime
) -> None:
    """Queue what has not been told: a beginning, or that it has grown worse."""
    finding = episode.finding
    if episode.told is None:
        news = News.OPENED
    elif episode.told is Severity.WARNING and finding.severity is Severity.CRITICAL:
        news = News.WORSE
        run.worse.append(episode)
    else:
        return
    episodes.queue(episode, news, channels_of(alerts, finding), at)


def _is_muted(alerts: Alerts, finding: Finding, at: datetime) -> bool:
    of = {
        "rule": finding.rule,
        "region": finding.region,
        "tenant": finding.tenant_id,
        "account": finding.account_id,
    }
    return any(mute.covers(at, **of) for mute in alerts.mutes)


def channels_of(alerts: Alerts, finding: Finding) -> list[str]:
    """Tell where a finding goes: its account's owner's channels, else its rule's, else all."""
    named: Iterable[str] = alerts.owners.get(finding.owner or "", ())
    named = named or alerts.rules[finding.rule].channels or _to_colleagues(alerts)
    told = list(dict.fromkeys(named))
    if finding.for_customer is not None and alerts.customers is not None and finding.account_id:
        told.append(CUSTOMER)
    return told


def _to_colleagues(alerts: Alerts) -> list[str]:
    """Give all channels but those of mail to nobody, which are for customers."""
    return [name for name, channel in alerts.channels.items() if channel.webhook or channel.to]


def _deliver(
    run: AlertRun,
    episodes: Episodes,
    platform: Platform,
    progress: Callable[[str], None],
    pause: Callable[[float], None],
) -> None:
    """Try each message that is owed; one that may pass in a moment is tried again in this run."""
    owed = episodes.owed()
    for attempt in range(1, ATTEMPTS + 1):
        waits: list[Delivery] = []
        run.owed = [each for each in run.owed if each[0] not in owed]
        for delivery in owed:
            progress(f"telling {delivery.channel}")
            try:
                _send(platform, delivery)
            except Refused as refused:
                episodes.refused(delivery, str(refused))
                run.owed.append((delivery, str(refused)))
                waits += [delivery] if refused.may_pass else []
            else:
                episodes.delivered(delivery, datetime.now(UTC))
                run.delivered += 1
        if not waits or attempt == ATTEMPTS:
            return
        owed = waits
        pause(PAUSE_S**attempt)


def _send(platform: Platform, delivery: Delivery) -> None:
    alerts = platform.alerts
    message = Message.of(delivery, platform.dashboard, platform.environment)
    if delivery.channel == CUSTOMER:
        _send_customer(alerts, message)
        return
    channel = alerts.channels.get(delivery.channel)
    if channel is None:
        raise Refused("the platform file has no such channel any more", may_pass=False)
    if channel.webhook is not None:
        post(message, channel)
    else:
        mail(message, channel, channel.to)


def _send_customer(alerts: Alerts, message: Message) -> None:
    finding = message.delivery.episode.finding
    customers = alerts.customers
    if customers is None or finding.account_id is None or finding.for_customer is None:
        raise Refused("the platform file has no alerts.customers any more", may_pass=False)
    words = finding.for_customer
    if message.delivery.news is News.RECOVERED:
        words = "What we wrote to you about your license limit is over."
    mail(
        message,
        alerts.channels[customers.via],
        [address_of(customers, finding.account_id)],
        f"{words}\n\n{finding.account_name or finding.account_id}, tenant {finding.tenant_id}\n",
    )
