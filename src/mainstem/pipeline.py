"""One scheduled pass over the stages, for cron, a Kubernetes CronJob, Data Factory or Dagster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mainstem.aggregates import publish_weeks
from mainstem.alert import alert
from mainstem.decay import decay, plan_decay
from mainstem.load import ALL_NEW, load
from mainstem.model import DATABASE, build, current_build
from mainstem.replicate import replicate
from mainstem.retain import plan_retention, retain

if TYPE_CHECKING:
    from collections.abc import Callable

    from mainstem.aggregates import Publication
    from mainstem.alert import AlertRun
    from mainstem.config.platform import Platform
    from mainstem.decay import DecayPlan
    from mainstem.load import Choice, LoadResult
    from mainstem.model import BuildOutcome
    from mainstem.replicate import Replication
    from mainstem.retain import Plan, Retained


@dataclass(frozen=True)
class Pass:
    """What each stage of one pass did."""

    replication: Replication
    loaded: LoadResult
    built: BuildOutcome
    published: Publication | None = None
    """The weekly counts of a region that publishes them; None of any other, and behind a load that
    did not take everything."""
    decayed: tuple[DecayPlan, dict[str, int]] | None = None
    """What detail was to go and how many rows went, where the platform file says so."""
    retention: tuple[Plan, Retained] | None = None
    """What was to go and what went, where the platform file says that a pass removes it."""
    alerts: AlertRun | None = None
    """What was told of it, where the platform file has rules."""


def run_pass(
    platform: Platform,
    progress: Callable[[str], None] = lambda _: None,
    choice: Choice = ALL_NEW,
) -> Pass:
    """Replicate, load and build, remove what is too old and tell people, if the file says so.

    `choice` is what the load takes of all that is new. Each stage works from what the stage before
    left in a store.

    A region that could not be reached or a blob that is wrong stands in the stage's own result and
    holds up nothing else; what raises is what stops a whole stage.
    """
    replication = replicate(platform, lambda step: progress(f"replicate: {step}"))
    loaded = load(platform, lambda step: progress(f"load: {step}"), choice)
    built = build(platform, progress=lambda step: progress(f"build: {step}"))
    published = None
    found = current_build(platform.published)
    if found is not None and not loaded.failed:
        progress("aggregates: publishing the weeks that have settled")
        published = publish_weeks(platform, found[1] / DATABASE)
    decayed = None
    if platform.run.decay:
        detail = plan_decay(platform, progress=lambda step: progress(f"decay: {step}"))
        decayed = (
            detail,
            decay(platform, detail, progress=lambda step: progress(f"decay: {step}")),
        )
    retention = None
    if platform.run.retain:
        plan = plan_retention(platform, progress=lambda step: progress(f"retain: {step}"))
        retention = plan, retain(plan, progress=lambda step: progress(f"retain: {step}"))
    told = None
    if platform.alerts.rules:
        told = alert(platform, progress=lambda step: progress(f"alerts: {step}"))
    return Pass(replication, loaded, built, published, decayed, retention, told)
