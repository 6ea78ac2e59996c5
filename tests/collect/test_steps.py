"""A pipeline's processors become its steps, and what is wrong with one is told at its place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mainstem.collect.site import local_site
from mainstem.collect.steps import pipeline_steps
from mainstem.config.collector import parse_collector
from mainstem.errors import ConfigError

CONFIGURATION = """\
receivers: {otlp: {protocols: {http: }}}
processors:
  batch:
  redaction/first: {allow_all_keys: true, blocked_values: [one]}
  redaction/second: {allow_all_keys: true, blocked_values: [two]}
  redaction/third: {allow_all_keys: true, blocked_values: [three]}
  attributes:
    actions:
      - {key: a, action: delete}
exporters: {blob: {url: "file:./store"}}
service:
  pipelines:
    traces:
      receivers: [otlp]
      processors: PROCESSORS
      exporters: [blob]
"""


def steps(processors: str, configuration: str = CONFIGURATION) -> list[list[str]]:
    """Each step of the plan: the names of the redaction processors in it, or its type."""
    text = configuration.replace("PROCESSORS", processors)
    site = replace(local_site(), may_be_unredacted=True)
    [planned] = pipeline_steps(parse_collector(text, "c.yaml", Path(), {}), site).values()
    return [
        [processor["name"] for processor in step["redaction"]["processors"]]
        if "redaction" in step
        else list(step)
        for step in planned.plan
    ]


@pytest.mark.parametrize(
    ("processors", "expected"),
    [
        (
            "[redaction/first, batch, redaction/second, attributes, redaction/third]",
            [["redaction/first", "redaction/second"], ["attributes"], ["redaction/third"]],
        ),
        ("[attributes, redaction/third]", [["attributes"], ["redaction/third"]]),
        ("[attributes]", [["attributes"], []]),
        ("[batch]", [[]]),
    ],
)
def test_redaction_processors_that_follow_each_other_are_one_step(
    processors: str, expected: list[list[str]]
) -> None:
    assert steps(processors) == expected


def test_every_wrong_processor_is_told_at_its_place() -> None:
    wrong = CONFIGURATION.replace("action: delete", "action: drop").replace("[two]", '["("]')
    with pytest.raises(ConfigError) as caught:
        steps("[redaction/second, attributes]", wrong)
    assert [str(problem).partition(" (")[0] for problem in caught.value.problems] == [
        "c.yaml:5:61: processors.redaction/second.blocked_values[0]: unclosed group",
        (
            "c.yaml:9:18: processors.attributes.actions[0].action: must be insert, update, upsert, "
            "delete, hash, extract or convert"
        ),
    ]


def test_the_core_s_own_step_checks_know_the_signal() -> None:
    include = "{match_type: strict, log_bodies: [x]}"
    wrong = CONFIGURATION.replace("    actions:", f"    include: {include}\n    actions:")
    with pytest.raises(ConfigError) as caught:
        steps("[attributes]", wrong)
    assert [str(problem) for problem in caught.value.problems] == [
        (
            "c.yaml:8:35: processors.attributes.include.log_bodies: has no meaning in a pipeline "
            "of traces"
        )
    ]


@pytest.mark.parametrize(
    ("processor", "told"),
    [
        (
            "filter: {trace_conditions: ['span.nam == \"x\"']}",
            (
                "c.yaml:7:31: processors.filter.trace_conditions[0]: column 1 is no path known "
                "here; of a span there are name, kind"
            ),
        ),
        (
            "transform: {trace_statements: [{context: span, statements: ['set(name, )']}]}",
            (
                "c.yaml:7:63: processors.transform.trace_statements[0].statements[0]: column 11 "
                "must be a value"
            ),
        ),
        (
            "filter: {trace_condition: []}",
            (
                "c.yaml:7:12: processors.filter.trace_condition: is not a key known here (did you "
                "mean trace_conditions?)"
            ),
        ),
        (
            "transform: {trace_statements: [{statement: []}]}",
            (
                "c.yaml:7:35: processors.transform.trace_statements[0].statement: is not a key "
                "known here (did you mean statements?)"
            ),
        ),
        (
            "transform: {trace_statements: [1]}",
            "c.yaml:7:34: processors.transform.trace_statements[0]: must be text",
        ),
        (
            "probabilistic_sampler: {sampling_percentage: -1}",
            (
                "c.yaml:7:27: processors.probabilistic_sampler.sampling_percentage: must be 0, or "
                "at least 100 in 2^56"
            ),
        ),
    ],
)
def test_what_is_wrong_in_a_statement_is_told_at_its_place_and_column(
    processor: str, told: str
) -> None:
    kind = processor.partition(":")[0]
    first = CONFIGURATION.index("  attributes:")
    last = CONFIGURATION.index("exporters:")
    wrong = f"{CONFIGURATION[:first]}  {processor}\n{CONFIGURATION[last:]}"
    with pytest.raises(ConfigError) as caught:
        steps(f"[{kind}, redaction/first]", wrong)
    found = [str(problem) for problem in caught.value.problems]
    assert any(problem.startswith(told) for problem in found), found
