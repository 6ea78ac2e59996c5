"""Each pipeline's steps, as the data plane's plan has them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mainstem import _core
from mainstem.collect.policy import policies
from mainstem.config.collector import ProcessorStep
from mainstem.config.platform import Durability
from mainstem.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mainstem.collect.site import Site
    from mainstem.config.collector import CollectorConfig, Pipeline
    from mainstem.config.document import KeyPath
    from mainstem.errors import Problem
    from mainstem.privacy import PolicySpec

PART = re.compile(r"\.?(\w+)|\[(\d+)\]")


@dataclass(frozen=True)
class PipelineSteps:
    """What a pipeline does to a request: each step under its processor's type, in order.

    `policies` are those of its redaction steps; `hold` keeps records back behind the steps, and
    `after` are those of what goes on.
    """

    pipeline: Pipeline
    policies: tuple[PolicySpec, ...]
    plan: tuple[dict[str, Any], ...]
    hold: dict[str, Any] | None = None
    after: tuple[dict[str, Any], ...] = ()

    def to_json(self) -> str:
        """Give the steps as the core reads them; they may hold an HMAC key in clear."""
        return json.dumps(self.plan)


def pipeline_steps(config: CollectorConfig, site: Site) -> dict[str, PipelineSteps]:
    """Plan every pipeline's steps, by the pipeline's id; ConfigError lists all that is wrong."""
    problems = list(dict.fromkeys([*_problems(config), *_hold_problems(config, site)]))
    try:
        specs = policies(config, site)
    except ConfigError as error:
        raise ConfigError([*error.problems, *problems]) from None
    if problems:
        raise ConfigError(problems)
    return {
        id_: PipelineSteps(
            pipeline,
            specs[id_],
            tuple(_plan(pipeline, specs[id_])),
            _hold(pipeline),
            tuple({step.kind: step.processor.options()} for step in pipeline.after),
        )
        for id_, pipeline in config.pipelines.items()
    }


def _plan(pipeline: Pipeline, specs: tuple[PolicySpec, ...]) -> Iterator[dict[str, Any]]:
    rest = iter(specs)
    for step in pipeline.steps:
        if isinstance(step, ProcessorStep):
            yield {step.kind: step.processor.options()}
        elif specs:
            yield {"redaction": json.loads(next(rest).to_json())}


def _hold(pipeline: Pipeline) -> dict[str, Any] | None:
    hold = pipeline.hold
    return None if hold is None else {hold.kind: hold.processor.options()}


def _problems(config: CollectorConfig) -> Iterator[Problem]:
    """Compile each processor by itself, so that all that are wrong are found."""
    for pipeline in config.pipelines.values():
        for step in (*pipeline.steps, *pipeline.after):
            if not isinstance(step, ProcessorStep):
                continue
            alone = [{step.kind: step.processor.options()}]
            try:
                _core.steps_rules(pipeline.signal.value, json.dumps(alone))
            except _core.PlanError as error:
                place, _, reason = str(error).partition(": ")
                path = _path(place.removeprefix("steps[0]"))
                yield config.document.problem(("processors", step.id, *path), reason)


def _hold_problems(config: CollectorConfig, site: Site) -> Iterator[Problem]:
    """Find what cannot be held, or not so."""
    for pipeline in config.pipelines.values():
        if (hold := pipeline.hold) is None:
            continue
        at: KeyPath = ("processors", hold.id)
        if site.durability is Durability.STORE:
            reason = f"{hold.kind} keeps what waits in the spool alone"
            hint = "a region with durability disk can hold records back"
            yield config.document.problem(at, reason, hint)
        try:
            _core.check_hold(json.dumps({hold.kind: hold.processor.options()}))
        except _core.PlanError as error:
            place, _, reason = str(error).partition(": ")
            yield config.document.problem((*at, *_path(place)[:2]), reason)


def _path(place: str) -> KeyPath:
    """Read the core's way of naming a place: `actions[0].pattern`."""
    return tuple(int(index) if index else name for name, index in PART.findall(place))
