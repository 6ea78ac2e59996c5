"""OpenTelemetry's SDKs of five languages as senders: what is stored is what they sent."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from running import collector, stand

from tests.interop.senders import SENDERS
from tests.interop.stored import attributes, lines, scopes

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.all, pytest.mark.timeout(1800)]

LANGUAGES = [
    # What the README does not ask for is wanted by the campaigns alone.
    pytest.param(language, marks=pytest.mark.prove) if language in ("go", "java") else language
    for language in SENDERS
]


@pytest.mark.parametrize("transport", ["grpc", "http"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_all_signals_are_stored_as_sent(tmp_path: Path, language: str, transport: str) -> None:
    command = SENDERS[language]()
    with collector(stand(tmp_path)) as running:
        done = subprocess.run(
            [*command, transport, running.ready[transport]],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        assert running.stop() == 0
    ids = json.loads(done.stdout)
    service = f"interop-{language}"
    _check_spans(lines(tmp_path, "traces"), service, ids)
    _check_log(lines(tmp_path, "logs"), service, ids)
    _check_metrics(lines(tmp_path, "metrics"), service)


def _check_spans(stored: list[Any], service: str, ids: dict[str, str]) -> None:
    found = list(scopes(stored, service, "resourceSpans", "scopeSpans"))
    assert {(scope["scope"]["name"], scope["scope"]["version"]) for scope in found} == {
        ("interop", "1.2.3")
    }
    spans = {span["name"]: span for scope in found for span in scope["spans"]}
    assert sum(len(scope["spans"]) for scope in found) == len(spans) == 2
    parent, child = spans["parent"], spans["child"]
    assert {parent["traceId"], child["traceId"]} == {ids["trace"]}
    assert (parent["spanId"], parent["kind"]) == (ids["parent"], 2)
    assert (child["spanId"], child["parentSpanId"], child["kind"]) == (
        ids["child"],
        ids["parent"],
        3,
    )
    assert int(child["startTimeUnixNano"]) <= int(child["endTimeUnixNano"])
    array = {"values": [{"stringValue": "a"}, {"stringValue": "b"}]}
    given = attributes(child)
    assert {key: given.get(key) for key in ("text", "int", "double", "bool", "array")} == {
        "text": {"stringValue": "größe"},
        "int": {"intValue": "-7"},
        "double": {"doubleValue": 2.5},
        "bool": {"boolValue": True},
        "array": {"arrayValue": array},
    }
    (event,), (link,) = child["events"], child["links"]
    assert (event["name"], attributes(event)) == ("step", {"number": {"intValue": "1"}})
    assert (link["traceId"], link["spanId"]) == (ids["trace"], ids["parent"])
    assert (child["status"]["code"], child["status"]["message"]) == (2, "broken")


def _check_log(stored: list[Any], service: str, ids: dict[str, str]) -> None:
    (scope,) = scopes(stored, service, "resourceLogs", "scopeLogs")
    (record,) = scope["logRecords"]
    assert record["body"] == {"stringValue": "hello"}
    assert (record["severityNumber"], record["severityText"]) == (13, "WARN")
    assert record["eventName"] == "interop.event"
    assert attributes(record)["int"] == {"intValue": "-7"}
    assert (record["traceId"], record["spanId"]) == (ids["trace"], ids["child"])


def _check_metrics(stored: list[Any], service: str) -> None:
    metrics = {
        metric["name"]: metric
        for scope in scopes(stored, service, "resourceMetrics", "scopeMetrics")
        for metric in scope["metrics"]
        if metric["name"].startswith("interop.")
    }
    count, size = metrics["interop.count"], metrics["interop.size"]
    (point,) = count["sum"]["dataPoints"]
    assert (count["unit"], count["sum"]["isMonotonic"]) == ("{item}", True)
    assert int(point.get("asInt", point.get("asDouble", 0))) == 5
    assert attributes(point) == {"kind": {"stringValue": "x"}}
    (histogram,) = size["histogram"]["dataPoints"]
    assert (histogram["count"], histogram["sum"]) == ("3", 55.5)
    assert histogram["bucketCounts"] == ["1", "1", "1"]
    assert histogram["explicitBounds"] == [1, 10]
