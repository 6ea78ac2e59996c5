"""Each pipeline's steps, as the data plane's plan has them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mainstem.collect.policy import policies

if TYPE_CHECKING:
    from mainstem.collect.site import Site
    from mainstem.config.collector import CollectorConfig, Pipeline
    from mainstem.privacy import PolicySpec


@dataclass(frozen=True)
class PipelineSteps:
    """What a pipeline does to a request: each step under its processor's type, in order.

    `policies` are those of its redaction steps.
    """

    pipeline: Pipeline
    policies: tuple[PolicySpec, ...]
    plan: tuple[dict[str, Any], ...]

    def to_json(self) -> str:
        """Give the steps as the core reads them; they may hold an HMAC key in clear."""
        return json.dumps(self.plan)


def pipeline_steps(config: CollectorConfig, site: Site) -> dict[str, PipelineSteps]:
    """Plan every pipeline's steps, by the pipeline's id; ConfigError lists all that is wrong."""
    specs = policies(config, site)
    return {
        id_: PipelineSteps(
            pipeline,
            specs[id_],
            tuple({"redaction": json.loads(spec.to_json())} for spec in specs[id_]),
        )
        for id_, pipeline in config.pipelines.items()
    }
