"""Each pipeline's redaction policies, and what is wrong with it in its place in the file."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from mainstem import _core
from mainstem.errors import ConfigError
from mainstem.privacy import build_policy_spec, build_policy_specs
from mainstem.vocabulary import load_vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mainstem.collect.site import Site
    from mainstem.config.collector import CollectorConfig, Pipeline
    from mainstem.config.collector.processors import Redaction
    from mainstem.config.document import KeyPath
    from mainstem.errors import Problem
    from mainstem.privacy import PolicySpec

PATTERNS = ("ignored_key_patterns", "blocked_key_patterns", "blocked_values", "allowed_values")
RULE = re.compile(r".*\.(?P<option>\w+)(?:\[\d+\])?")


def policies(config: CollectorConfig, site: Site) -> dict[str, tuple[PolicySpec, ...]]:
    """Build and compile each pipeline's policies, one a redaction step, by the pipeline's id.

    ConfigError lists every rule that is wrong.
    """
    used = {
        name: redaction
        for pipeline in config.pipelines.values()
        for step in pipeline.redactions
        for name, redaction in step.processors
    }
    problems = [
        problem for name, options in used.items() for problem in _problems(config, name, options)
    ]
    identifiers = load_vocabulary().identifiers
    specs = {
        id_: build_policy_specs(
            [
                [_options(name, redaction) for name, redaction in step.processors]
                for step in pipeline.redactions
            ],
            site.overlay,
            identifiers,
        )
        for id_, pipeline in config.pipelines.items()
        if not redacted_before(pipeline, site)
    }
    for id_, of_pipeline in specs.items():
        at: KeyPath = ("service", "pipelines", id_)
        if not redacts(of_pipeline) and not site.may_be_unredacted:
            hint = "say `unredacted: allow` for the region in mainstem.yaml if that is meant"
            problems.append(config.document.problem(at, "redacts nothing", hint))
        elif not problems and (found := _compile(of_pipeline[-1].to_json())) is not None:
            # The processors compile, so it is the platform file's overlay that does not.
            problems.append(config.document.problem(at, f"{found[0]}: {found[1]}"))
    if problems:
        raise ConfigError(problems)
    return {id_: specs.get(id_, ()) for id_ in config.pipelines}


def redacted_before(pipeline: Pipeline, site: Site) -> bool:
    """Tell whether records come redacted, and the pipeline asks for no more of it.

    What is forwarded to the centre was redacted in its region; to make pseudonyms of pseudonyms
    would part what belongs together.
    """
    return bool(site.origins) and not any(step.processors for step in pipeline.redactions)


def redacts(specs: Sequence[PolicySpec]) -> bool:
    """Tell whether a pipeline's policies do anything at all."""
    return any(
        spec.detectors
        or spec.personal_keys
        or spec.rules
        or any(
            not processor.allow_all_keys
            or processor.blocked_values
            or processor.blocked_key_patterns
            for processor in spec.processors
        )
        for spec in specs
    )


def _options(name: str, redaction: Redaction) -> dict[str, Any]:
    options = redaction.model_dump(exclude={"hmac_key"})
    return {"name": name, **options, "hmac_key": redaction.hmac_key}


def _problems(config: CollectorConfig, name: str, redaction: Redaction) -> Iterator[Problem]:
    """Compile each pattern by itself, so that all that are wrong are found, and then the whole."""
    found = False
    for option in PATTERNS:
        for index, pattern in enumerate(getattr(redaction, option)):
            alone = {"name": name, "allow_all_keys": True, option: [pattern]}
            if (wrong := _compile(json.dumps({"processors": [alone]}))) is not None:
                found = True
                at: KeyPath = ("processors", name, option, index)
                yield config.document.problem(at, wrong[1])
    for index, rule in enumerate(redaction.rules):
        spec = build_policy_spec([{"name": name, "allow_all_keys": True, "rules": [rule]}])
        if (wrong := _compile(spec.to_json())) is not None:
            found = True
            yield config.document.problem(("processors", name, "rules", index), wrong[1])
    if found:
        return
    whole = _compile(build_policy_spec([_options(name, redaction)]).to_json())
    if whole is not None:
        place = RULE.fullmatch(whole[0])
        at = ("processors", name) if place is None else ("processors", name, place["option"])
        yield config.document.problem(at, whole[1])


def _compile(spec: str) -> tuple[str, str] | None:
    """Give the rule that does not compile and the reason, or None."""
    try:
        _core.check_policy(spec)
    except _core.PlanError as error:
        rule, _, reason = str(error).partition(": ")
        return rule, reason
    return None
