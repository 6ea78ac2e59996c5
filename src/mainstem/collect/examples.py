"""A team's examples, kept in its own repository: what goes in, and what is to be stored of it."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mainstem.collect.attempt import FIELDS, Piece, pieces_of, redacted
from mainstem.config.document import read_document
from mainstem.config.validate import validate
from mainstem.errors import ConfigError
from mainstem.records import Signal

if TYPE_CHECKING:
    from pathlib import Path

    from mainstem.collect.site import Site
    from mainstem.config.collector import CollectorConfig

REMOVED = "(removed)"


class Example(BaseModel):
    """One example: a value under a key, a text of nobody's, or a whole OTLP/JSON request."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: str = ""
    signal: Signal = Signal.LOGS
    key: Annotated[str | None, Field(description="The attribute that holds the input.")] = None
    input: Annotated[Any, Field(description="A value, or a request in OTLP/JSON.")]
    expected: Annotated[Any, Field(description="What is stored; null where it goes.")] = None
    matches: Annotated[
        str | None, Field(description="In place of `expected`: a pattern, for pseudonyms.")
    ] = None

    @model_validator(mode="after")
    def _one_expectation(self) -> Self:
        if "expected" in self.model_fields_set and self.matches is not None:
            raise ValueError("has either `expected` or `matches`")
        if not {"expected", "matches"} & self.model_fields_set:
            raise ValueError("wants `expected` or `matches`")
        return self


class Examples(BaseModel):
    """A file of examples."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    region: str | None = None
    examples: Annotated[tuple[Example, ...], Field(min_length=1)]


@dataclass(frozen=True)
class Verdict:
    """What came of an example; `pieces` is `stored`, cut where it is not as expected."""

    name: str
    passed: bool
    expected: str
    stored: str
    pieces: tuple[Piece, ...]


def read_examples(path: Path) -> Examples:
    """Read a file of examples; ConfigError lists all that is wrong with it, and where."""
    document = read_document(path, os.environ)
    examples, problems = validate(Examples, document)
    if examples is None:
        raise ConfigError(problems)
    return examples


def check_example(number: int, example: Example, config: CollectorConfig, site: Site) -> Verdict:
    """Redact an example's input as the collector would and hold the outcome to what is expected."""
    signal, request = _request(example)
    after = json.loads(redacted(signal, json.dumps(request), config, site).after)
    whole = _is_request(example.input)
    stored = after if whole else _value(signal, after, example.key)
    shown = _shown(stored)
    if example.matches is not None:
        expected = f"/{example.matches}/"
        passed = isinstance(stored, str) and re.fullmatch(example.matches, stored) is not None
    else:
        expected = _shown(example.expected)
        passed = stored == example.expected
    pieces = () if passed else tuple(pieces_of(expected, shown, by_line=whole))
    return Verdict(example.name or f"example {number}", passed, expected, shown, pieces)


def _is_request(value: Any) -> bool:
    return isinstance(value, dict) and any(field in value for field in FIELDS.values())


def _request(example: Example) -> tuple[Signal, dict[str, Any]]:
    """Put a value in its place in a request: under its key, or where the signal has a text."""
    if _is_request(example.input):
        signal = next(signal for signal, field in FIELDS.items() if field in example.input)
        return signal, example.input
    value = _any_value(example.input)
    attributes = [] if example.key is None else [{"key": example.key, "value": value}]
    text = str(example.input)
    match example.signal:
        case Signal.LOGS:
            body = {"body": value} if example.key is None else {}
            records: dict[str, Any] = {"logRecords": [{"attributes": attributes, **body}]}
            return Signal.LOGS, {"resourceLogs": [{"scopeLogs": [records]}]}
        case Signal.TRACES:
            name = {"name": text} if example.key is None else {}
            ids = {"traceId": "01" * 16, "spanId": "01" * 8}
            records = {"spans": [{"attributes": attributes, **ids, **name}]}
            return Signal.TRACES, {"resourceSpans": [{"scopeSpans": [records]}]}
        case Signal.METRICS:
            described = {"description": text} if example.key is None else {}
            point = {"attributes": attributes, "asInt": "0"}
            metric = {"name": "m", "gauge": {"dataPoints": [point]}, **described}
            return Signal.METRICS, {"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}


def _value(signal: Signal, request: dict[str, Any], key: str | None) -> Any:
    """Find what is left of a value in its place; None where it, or its record, has gone."""
    scopes = {
        Signal.LOGS: ("resourceLogs", "scopeLogs", "logRecords", "body"),
        Signal.TRACES: ("resourceSpans", "scopeSpans", "spans", "name"),
        Signal.METRICS: ("resourceMetrics", "scopeMetrics", "metrics", "description"),
    }
    resources, scope, records, text = scopes[signal]
    for resource in request.get(resources, ()):
        for found in resource.get(scope, ()):
            for record in found.get(records, ()):
                if key is None:
                    return _plain(record[text]) if signal is Signal.LOGS else record.get(text)
                points = record.get("gauge", {}).get("dataPoints", [record])
                for attribute in (points or [{}])[0].get("attributes", ()):
                    return _plain(attribute.get("value", {}))
    return None


def _any_value(value: Any) -> dict[str, Any]:
    """Write a YAML value as OTLP/JSON's AnyValue."""
    held: dict[str, Any] = {}
    match value:
        case bool():
            held["boolValue"] = value
        case int():
            held["intValue"] = str(value)
        case float():
            held["doubleValue"] = value
        case list():
            held["arrayValue"] = {"values": [_any_value(one) for one in value]}
        case dict():
            entries = [{"key": str(key), "value": _any_value(one)} for key, one in value.items()]
            held["kvlistValue"] = {"values": entries}
        case None:
            pass
        case _:
            held["stringValue"] = str(value)
    return held


def _plain(value: dict[str, Any]) -> Any:
    """Read an AnyValue as the YAML value that it stands for."""
    for kind, held in value.items():
        match kind:
            case "intValue":
                return int(held)
            case "arrayValue":
                return [_plain(one) for one in held.get("values", ())]
            case "kvlistValue":
                entries = held.get("values", ())
                return {entry["key"]: _plain(entry.get("value", {})) for entry in entries}
        return held
    return None


def _shown(value: Any) -> str:
    match value:
        case None:
            return REMOVED
        case str():
            return value
    return json.dumps(value, indent=2 if _is_request(value) else None, ensure_ascii=False)
