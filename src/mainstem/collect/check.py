"""What a configuration would run, without running it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mainstem.collect.plan import make_plan

if TYPE_CHECKING:
    from mainstem.collect.classes import SegmentClass
    from mainstem.collect.site import Site
    from mainstem.config.collector import CollectorConfig

EXTENSIONS = {"none": "", "gzip": ".gz", "zstd": ".zst"}


@dataclass(frozen=True)
class Row:
    """One pipeline's way."""

    pipeline: str
    receives: str
    redacts: str
    stores: str


@dataclass(frozen=True)
class Report:
    """What would run, and what is to be said of it."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def _receives(config: CollectorConfig, receivers: tuple[str, ...]) -> str:
    """Say where a pipeline's requests come from; by receiver, where there are several."""
    many = len(config.receivers) > 1
    return ", ".join(
        f"{id_} {name} {endpoint}" if many else f"{name} {endpoint}"
        for id_ in receivers
        for name, endpoint in config.receivers[id_].endpoints().items()
    )


def check(config: CollectorConfig, site: Site) -> Report:
    """Plan a collector and compile its policies; ConfigError where it would not start."""
    plan = make_plan(config, site)
    rows = []
    steps = {pipeline["class"]: pipeline["steps"] for pipeline in plan.core["pipelines"]}
    for made in plan.classes:
        if made.name in steps:
            local = "" if made.local is None else f"; keeps some: {_store_text(made.local)}"
            ways = [f"sends on to {exporter}" for exporter in made.exporters]
            stored = [f"{_store_text(made)}{local}"] if made.container is not None else []
            rows.append(
                Row(
                    made.pipeline.id,
                    _receives(config, made.pipeline.receivers),
                    _steps_text(steps[made.name]),
                    "; ".join([*stored, *ways]),
                )
            )
    return Report(tuple(rows), plan.notes, plan.warnings)


def _store_text(made: SegmentClass) -> str:
    label = made.destination.label if made.destination is not None else ""
    core = made.to_core()
    return f"{label}: {made.container}/{core['name_format']}{EXTENSIONS[core['compression']]}"


def _steps_text(steps: list[dict[str, Any]]) -> str:
    return "; then ".join(
        _policy_text(options) if kind == "redaction" else kind
        for step in steps
        for kind, options in step.items()
    )


def _policy_text(spec: dict[str, Any]) -> str:
    own = sum(
        len(processor["blocked_values"]) + len(processor["blocked_key_patterns"])
        for processor in spec["processors"]
    )
    parts = [f"{own} own patterns"] if own else []
    if any(not processor["allow_all_keys"] for processor in spec["processors"]):
        parts.append("allowed keys only")
    if spec["detectors"]:
        parts.append(f"{len(spec['detectors'])} detectors")
    if spec["personal_keys"]:
        parts.append("personal keys")
    return ", ".join(parts) or "nothing"
