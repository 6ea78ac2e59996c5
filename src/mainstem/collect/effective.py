"""The policy that holds in a region: each rule, where it comes from and what it does."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from mainstem import _core
from mainstem.collect.site import chosen_site, collector_of
from mainstem.collect.steps import pipeline_steps
from mainstem.config.collector import default_collector
from mainstem.privacy import ALWAYS_ON, BASE, OVERLAY, load_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mainstem.collect.site import Site
    from mainstem.config.collector import CollectorConfig
    from mainstem.privacy import PolicySpec

PATTERNS = ("blocked_key_patterns", "blocked_values")


class Origin(StrEnum):
    """Who made a rule."""

    BUILT_IN = "built-in"
    PROCESSOR = "processor"
    BASE = "base"
    OVERLAY = "overlay"


LAYERS = {BASE: Origin.BASE, OVERLAY: Origin.OVERLAY}


@dataclass(frozen=True)
class Rule:
    """A rule under the name that ledger and metrics know it by.

    `effect` is what becomes of a value; `matches` the pattern, where it is not the name that tells.
    """

    name: str
    origin: Origin
    effect: str
    matches: str


@dataclass(frozen=True)
class Effective:
    """A region's rules by class of segment, in the order in which they are applied.

    A signal's one pipeline has the class of its name. `fingerprints` are those of the ledger; empty
    where the region's key is not on this machine.
    """

    region: str
    rules: dict[str, tuple[Rule, ...]]
    fingerprints: dict[str, str]


@dataclass(frozen=True)
class Difference:
    """A rule that two regions do not share; None where it does not exist."""

    segment_class: str
    name: str
    left: Rule | None
    right: Rule | None


def chosen_collector(
    config: Path | None, platform: Path | None, region: str | None
) -> tuple[CollectorConfig, Site]:
    """Take what a command was told: a configuration, a region, or else what is built in."""
    loaded, site = chosen_site(platform, region)
    if config is None and loaded is None:
        return default_collector(Path.cwd()), site
    return collector_of(config, loaded, region), site


def effective(config: CollectorConfig, site: Site) -> Effective:
    """Compile a region's policies and tell their rules; ConfigError where they do not compile."""
    key = str(load_key(site.key).path) if site.key.exists() else None
    rules: dict[str, tuple[Rule, ...]] = {}
    fingerprints = {}
    for steps in pipeline_steps(config, site).values():
        pipeline = steps.pipeline
        fingerprint, compiled = _core.steps_rules(pipeline.signal.value, steps.to_json(), key)
        if fingerprint is not None:
            fingerprints[pipeline.segment_class] = fingerprint
        rules[pipeline.segment_class] = tuple(_rules(steps.policies, compiled))
    return Effective(site.region, rules, fingerprints)


def differences(left: Effective, right: Effective) -> list[Difference]:
    """List the rules that one region has and the other lacks, or has otherwise."""
    found = []
    for segment_class in dict.fromkeys([*left.rules, *right.rules]):
        ours, theirs = (
            {rule.name: rule for rule in side.rules.get(segment_class, ())}
            for side in (left, right)
        )
        found += [
            Difference(segment_class, name, ours.get(name), theirs.get(name))
            for name in dict.fromkeys([*ours, *theirs])
            if ours.get(name) != theirs.get(name)
        ]
    return found


def _rules(specs: Sequence[PolicySpec], compiled: list[tuple[str, str]]) -> list[Rule]:
    """Join what the core compiled with where the specifications have it from."""
    of_processors: dict[str, tuple[Origin, str]] = {}
    idle = set()
    for processor in (processor for spec in specs for processor in spec.processors):
        origin = LAYERS.get(processor.name, Origin.PROCESSOR)
        for option in PATTERNS:
            for index, pattern in enumerate(getattr(processor, option)):
                of_processors[f"{processor.name}.{option}[{index}]"] = origin, pattern
        allowed = f"{processor.name}.allowed_keys"
        of_processors[allowed] = origin, f"keys but {', '.join(processor.allowed_keys) or 'none'}"
        if processor.allow_all_keys:
            idle.add(allowed)
    for rule in (rule for spec in specs for rule in spec.rules):
        owner = rule.name.rpartition(".")[0]
        of_processors[rule.name] = LAYERS.get(owner, Origin.PROCESSOR), rule.matches
        if rule.detector is not None and not rule.keys:
            # The detector's own action has no find left.
            idle.add(rule.detector)
    built_in = set(ALWAYS_ON) if specs[-1].coverage == "full" else set()
    rules = []
    for name, effect in compiled:
        if name in of_processors:
            origin, matches = of_processors[name]
        else:
            own = name in built_in or name.startswith("personal:")
            origin, matches = Origin.BUILT_IN if own else Origin.OVERLAY, ""
        if name not in idle:
            rules.append(Rule(name, origin, effect, matches))
    return rules
