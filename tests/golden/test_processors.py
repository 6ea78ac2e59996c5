"""mainstem's processors do what the collector's did: attributes, resource, sampler and so on."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from mainstem import _core
from mainstem.collect.site import local_site
from mainstem.collect.steps import pipeline_steps
from mainstem.config.collector import parse_collector
from tests.golden.record import read_cases, steps_of
from tests.golden.test_golden import comparable

CASES = {name: case for name, case in read_cases().items() if "steps" in case}
EMPTY: dict[str, dict[str, Any]] = {
    "traces": {"resourceSpans": []},
    "logs": {"resourceLogs": []},
    "metrics": {"resourceMetrics": []},
}


@pytest.mark.parametrize("name", CASES)
def test_mainstem_does_the_same(name: str, key_path: Path) -> None:
    case = CASES[name]
    expected = case["output"] or EMPTY[case["signal"]]
    assert through_mainstem(case, key_path) == comparable(case["signal"], expected)


def through_mainstem(case: dict[str, Any], key_path: Path) -> Any:
    """Give what mainstem makes of a case by way of its configuration, without redaction."""
    line, _, books = _core.process_json(
        case["signal"],
        json.dumps(case["input"]).encode(),
        json.dumps(planned(case)),
        str(key_path),
    )
    assert books["received"] == sum(books.values()) - books["received"]
    return comparable(case["signal"], json.loads(line))


def planned(case: dict[str, Any]) -> list[dict[str, Any]]:
    """Give a case's steps as the core reads them, from a configuration with the same processors."""
    processors = {
        f"{kind}/{index}": options
        for index, step in enumerate(steps_of(case))
        for kind, options in step.items()
    }
    configuration = {
        "receivers": {"otlp": {"protocols": {"http": None}}},
        "processors": processors,
        "exporters": {"blob": {"url": "file:./store"}},
        "service": {
            "pipelines": {
                case["signal"]: {
                    "receivers": ["otlp"],
                    "processors": list(processors),
                    "exporters": ["blob"],
                }
            }
        },
    }
    text = json.dumps(configuration).replace("$", "$$")
    config = parse_collector(text, "c.yaml", Path(), {})
    site = dataclasses.replace(local_site(), may_be_unredacted=True)
    [steps] = pipeline_steps(config, site).values()
    return [step for step in steps.plan if "redaction" not in step]
