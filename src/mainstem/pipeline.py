"""One scheduled pass over the stages, for cron, a Kubernetes CronJob, Data Factory or Dagster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mainstem.load import load
from mainstem.model import build
from mainstem.replicate import replicate

if TYPE_CHECKING:
    from collections.abc import Callable

    from mainstem.config.platform import Platform
    from mainstem.load import LoadResult
    from mainstem.model import BuildOutcome
    from mainstem.replicate import Replication


@dataclass(frozen=True)
class Pass:
    """What each stage of one pass did."""

    replication: Replication
    loaded: LoadResult
    built: BuildOutcome


def run_pass(platform: Platform, progress: Callable[[str], None] = lambda _: None) -> Pass:
    """Replicate, load and build, each from what the stage before left in a store.

    A region that could not be reached or a blob that is wrong stands in the stage's own result and
    holds up nothing else; what raises is what stops a whole stage.
    """
    return Pass(
        replication=replicate(platform, lambda step: progress(f"replicate: {step}")),
        loaded=load(platform, lambda step: progress(f"load: {step}")),
        built=build(platform, progress=lambda step: progress(f"build: {step}")),
    )
