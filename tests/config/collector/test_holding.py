"""`tail_sampling` and `interval` as the Collector writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mainstem.config.collector import parse_collector
from mainstem.errors import ConfigError

POLICIES: dict[str, Any] = {
    "always_sample": None,
    "latency": {"threshold_ms": 5000, "upper_threshold_ms": 10000},
    "numeric_attribute": {"key": "key1", "min_value": 50, "max_value": 100},
    "probabilistic": {"sampling_percentage": 10},
    "status_code": {"status_codes": ["ERROR", "UNSET"]},
    "string_attribute": {
        "key": "key2",
        "values": ["value1", "val*"],
        "enabled_regex_matching": True,
        "cache_max_size": 10,
    },
    "rate_limiting": {"spans_per_second": 35},
    "span_count": {"min_spans": 2, "max_spans": 20},
    "trace_state": {"key": "key3", "values": ["value1"]},
    "trace_flags": None,
    "boolean_attribute": {"key": "key4", "value": True},
}


def policy(kind: str, **options: Any) -> dict[str, Any]:
    """Write a policy of a kind, named after it."""
    given = options or POLICIES[kind]
    return {"name": kind, "type": kind} | ({} if given is None else {kind: given})


def parse(processors: dict[str, Any], order: list[str], signal: str = "traces") -> Any:
    """Read a configuration with these processors in one pipeline."""
    document = {
        "receivers": {"otlp": {"protocols": {"grpc": None}}},
        "processors": processors,
        "exporters": {"blob": {}},
        "service": {
            "pipelines": {
                signal: {"receivers": ["otlp"], "processors": order, "exporters": ["blob"]}
            }
        },
    }
    text = yaml.safe_dump(document)
    return parse_collector(text, "c.yaml", Path(), {}).pipelines[signal]


def problems(processors: dict[str, Any], order: list[str], signal: str = "traces") -> str:
    """Say what is wrong with a configuration."""
    with pytest.raises(ConfigError) as error:
        parse(processors, order, signal)
    return str(error.value)


def test_every_policy_of_the_documentation_is_read() -> None:
    composed = [
        policy(
            "and",
            and_sub_policy=[policy("latency"), policy("not", not_sub_policy=policy("span_count"))],
        ),
        policy("not", not_sub_policy=policy("trace_flags")),
        policy("drop", drop_sub_policy=[policy("string_attribute")]),
        policy(
            "composite",
            max_total_spans_per_second=1000,
            policy_order=["latency", "always_sample"],
            composite_sub_policy=[policy("latency"), policy("always_sample"), policy("span_count")],
            rate_allocation=[{"policy": "latency", "percent": 50}],
        ),
    ]
    sampling = {
        "decision_wait": "10s",
        "num_traces": 100,
        "expected_new_traces_per_sec": 10,
        "decision_cache": {"sampled_cache_size": 100_000, "non_sampled_cache_size": 5},
        "policies": [*(policy(kind) for kind in POLICIES), *composed],
    }
    pipeline = parse({"redaction": {}, "tail_sampling": sampling}, ["redaction", "tail_sampling"])
    assert pipeline.hold.kind == "tail_sampling"
    options = pipeline.hold.processor.options()
    assert options["decision_wait_ms"] == 10_000
    assert options["sampled_cache_size"] == 100_000
    rules = {one["name"]: one["rule"] for one in options["policies"]}
    assert rules["always_sample"] == "always_sample"
    assert rules["status_code"] == {"status_code": {"status_codes": [2, 0]}}
    assert rules["and"]["and"][1]["rule"] == {
        "not": {"name": "span_count", "rule": {"span_count": POLICIES["span_count"]}}
    }
    shares = [one["spans_per_second"] for one in rules["composite"]["composite"]["policies"]]
    assert shares == [500, 333, 333]


def test_what_stands_behind_the_hold_comes_after_it() -> None:
    processors = {
        "redaction": {},
        "interval": {"interval": "15s", "pass_through": {"gauge": True}},
        "resource": {"attributes": [{"key": "a", "action": "delete"}]},
        "batch": {},
    }
    order = ["redaction", "interval", "resource", "batch"]
    pipeline = parse(processors, order, "metrics")
    assert [step.id for step in pipeline.after] == ["resource"]
    assert pipeline.hold.processor.options() == {
        "interval_ms": 15_000,
        "pass_gauges": True,
        "pass_summaries": False,
    }


def test_holding_before_redacting_is_refused() -> None:
    processors = {"redaction": {}, "tail_sampling": {"policies": [policy("always_sample")]}}
    wrong = problems(processors, ["tail_sampling", "redaction"])
    assert "tail_sampling holds records before they are redacted" in wrong
    assert "put redaction before it" in wrong
    # Without a redaction processor, what is always on stands before the hold.
    pipeline = parse({"tail_sampling": processors["tail_sampling"]}, ["tail_sampling"])
    assert len(pipeline.redactions) == 1


@pytest.mark.parametrize(
    ("sampling", "reason"),
    [
        ({"policies": []}, "policies"),
        ({"policies": [policy("latency"), policy("latency")]}, "two policies of one name"),
        ({"policies": [{"name": "x", "type": "latency"}]}, "needs its options under latency"),
        (
            {"policies": [{"name": "x", "type": "ottl_condition", "ottl_condition": {}}]},
            "needs a condition under span or spanevent",
        ),
        ({"policies": [policy("numeric_attribute", key="k")]}, "min_value or max_value"),
        (
            {"policies": [policy("and", and_sub_policy=[policy("composite", a=1)])]},
            "composite",
        ),
        (
            {"policies": [policy("always_sample")], "tail_storage": "file_storage"},
            "is not built yet",
        ),
    ],
)
def test_what_cannot_be_sampled_so_is_said(sampling: dict[str, Any], reason: str) -> None:
    assert reason in problems({"tail_sampling": sampling}, ["tail_sampling"])


def test_a_hold_is_for_its_signal_and_for_one_at_a_time() -> None:
    interval = {"interval": {"interval": "1s"}}
    assert "is for metrics alone" in problems(interval, ["interval"], "traces")
    two = {"interval": {"interval": "1s"}, "interval/2": {"interval": "2s"}}
    assert "holds already" in problems(two, ["interval", "interval/2"], "metrics")
