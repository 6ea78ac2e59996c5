"""Plans and policies that cannot be carried out are refused with their place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from planes import key_line, plan, segment_class

from mainstem import _core

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"colour": "red"}, "plan, line 1, column"),
        ({"grpc": None, "http": None}, r"receivers\.otlp\.grpc, http: one of them"),
        ({"grpc": "localhost"}, "plan, line 1, column"),
        ({"in_flight_bytes": 10}, r"receivers\.otlp\.max_body_bytes: "),
        ({"max_body_bytes": 0}, r"receivers\.otlp\.max_body_bytes: "),
        ({"key_path": "/nowhere/region.key"}, "key_path: the key file cannot be read"),
    ],
)
def test_a_wrong_plan_is_refused(tmp_path: Path, changes: dict[str, Any], place: str) -> None:
    with pytest.raises(_core.PlanError, match=place):
        _core.DataPlane(json.dumps(plan(tmp_path, **changes)))


@pytest.mark.parametrize(
    ("pipeline", "classes", "place"),
    [
        ({"class": "other"}, {}, r"pipelines\.logs/second\.class: there is no such class"),
        ({"class": "logs"}, {}, r"pipelines\.logs/second\.class: another pipeline has this class"),
        ({"class": "traces"}, {}, r"pipelines\.logs/second\.class: the class is of another signal"),
        (
            {"class": "logs-second"},
            {"idle": segment_class("logs"), "logs-second": segment_class("logs")},
            r"classes\.idle: no pipeline has this class",
        ),
        (
            {"class": "logs-second"},
            {"logs-second": {**segment_class("logs"), "timezone": "Europe/Nowhere"}},
            r"classes\.logs-second\.timezone: this cannot be used",
        ),
    ],
)
def test_every_class_belongs_to_one_pipeline_of_its_signal(
    tmp_path: Path, pipeline: dict[str, Any], classes: dict[str, Any], place: str
) -> None:
    wrong = plan(tmp_path)
    second = {"name": "logs/second", "signal": "logs", "receivers": ["otlp"], "steps": []}
    wrong["pipelines"].append(second | pipeline)
    wrong["classes"] |= classes
    with pytest.raises(_core.PlanError, match=place):
        _core.DataPlane(json.dumps(wrong))


def test_a_wrong_pattern_is_named_by_its_rule(tmp_path: Path) -> None:
    policy = {
        "processors": [
            {"name": "redaction", "allow_all_keys": True, "blocked_values": ["fine", "(open"]}
        ]
    }
    wrong = plan(tmp_path)
    wrong["pipelines"][1]["steps"] = [{"redaction": {}}, {"redaction": policy}]
    with pytest.raises(_core.PlanError, match=r"pipelines\.logs\.steps\[1\].*blocked_values\[1\]"):
        _core.DataPlane(json.dumps(wrong))
    with pytest.raises(_core.PlanError, match=r"steps\[1\].*blocked_values\[1\]"):
        _core.steps_rules("logs", json.dumps(wrong["pipelines"][1]["steps"]))
    with pytest.raises(_core.PlanError, match=r"blocked_values\[1\]"):
        _core.check_policy(json.dumps(policy))
    assert _core.check_policy('{"detectors":["email"]}') is None


def test_no_error_quotes_the_plan(tmp_path: Path) -> None:
    wrong = plan(tmp_path, environment=["hidden-word"])
    with pytest.raises(_core.PlanError) as caught:
        _core.DataPlane(json.dumps(wrong))
    assert "hidden-word" not in str(caught.value)


def test_a_taken_address_cannot_be_bound(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    first = _core.DataPlane(json.dumps(plan(tmp_path)))
    port = first.start()["otlp"]["grpc"]
    second = _core.DataPlane(json.dumps(plan(tmp_path / "other", grpc=f"127.0.0.1:{port}")))
    with pytest.raises(OSError, match="in use"):
        second.start()
    second.close()
    first.close()


def test_one_request_goes_through_policy_and_encoder_without_a_collector(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.touch(mode=0o600)
    key.write_text(key_line())
    record = b'{"body":{"stringValue":"ann@example.com"}}'
    data = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[' + record + b"]}]}]}"
    line, masked = _core.redact_json("logs", data, '{"detectors":["email"]}', str(key))
    assert json.loads(line)["resourceLogs"][0]["scopeLogs"][0]["logRecords"] == [
        {"body": {"stringValue": "****"}}
    ]
    assert masked == {"email": 1}
    assert json.loads(_core.transcode("logs", data, "json")) == json.loads(data)
    with pytest.raises(ValueError, match="wrong_type at byte 0"):
        _core.transcode("logs", b"no", "json")


def test_one_request_goes_through_several_steps_without_a_collector(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.touch(mode=0o600)
    key.write_text(key_line())
    record = b'{"body":{"stringValue":"blue ann@example.com"}}'
    data = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[' + record + b"]}]}]}"
    blue = {"name": "blue", "allow_all_keys": True, "blocked_values": ["blue"]}
    steps = [{"redaction": {"processors": [blue]}}, {"redaction": {"detectors": ["email"]}}]
    line, masked, books = _core.process_json("logs", data, json.dumps(steps), str(key))
    assert b'"body":{"stringValue":"**** ****"}' in line
    assert masked == {"blue.blocked_values[0]": 1, "email": 1}
    assert books == {"received": 1, "stored": 1, "rejected": 0, "dropped": 0, "sampled": 0}
    fingerprint, rules = _core.steps_rules("logs", json.dumps(steps), str(key))
    assert fingerprint is not None
    assert {name for name, _ in rules} == {*masked, "blue.allowed_keys"}
