"""The sanitizers under full coverage; tests/golden has them with contrib's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mainstem import _core

if TYPE_CHECKING:
    from tests.privacy.sides import Redactor

POLICY = {
    "processors": [
        {
            "name": "redaction",
            "allow_all_keys": True,
            "ignored_keys": ["ignored"],
            "allowed_values": ["keep"],
            "url_sanitizer": {"enabled": True, "attributes": ["path", "ignored"]},
            "db_sanitizer": {"sql": {"enabled": True, "attributes": ["statement"]}},
        }
    ],
    "detectors": ["email"],
}


def text(value: str) -> dict[str, str]:
    return {"stringValue": value}


def through(redactor: Redactor, signal: str, request: Any) -> tuple[Any, dict[str, int]]:
    line, counts = _core.redact_json(
        signal, json.dumps(request).encode(), json.dumps(POLICY), str(redactor.key_path)
    )
    return json.loads(line), counts


def test_spans(redactor: Redactor) -> None:
    attributes = {
        "db.system.name": "mysql",
        "statement": "SELECT 'anna@contoso.com', 5",
        "path": "/users/42",
        "ignored": "/users/42",
        "other": "/users/42",
    }
    span = {
        "name": "GET /users/42",
        "kind": 3,
        "attributes": [{"key": key, "value": text(value)} for key, value in attributes.items()],
    }
    out, counts = through(
        redactor, "traces", {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    )
    after = out["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    assert after["name"] == "GET /users/*"
    assert {pair["key"]: pair["value"]["stringValue"] for pair in after["attributes"]} == {
        **attributes,
        "statement": "SELECT ?, ?",
        "path": "/users/*",
    }
    assert {rule: count for rule, count in counts.items() if count} == {
        "email": 1,
        "redaction.url_sanitizer": 2,
        "redaction.db_sanitizer": 1,
    }


def test_bodies(redactor: Redactor) -> None:
    bodies = [
        text("/users/42"),
        text("/keep/42"),
        {"arrayValue": {"values": [text("/a/7")]}},
        {"kvlistValue": {"values": [{"key": "k", "value": text("/a/7")}]}},
    ]
    records = [{"body": body} for body in bodies]
    out, _ = through(redactor, "logs", {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]})
    after = [record["body"] for record in out["resourceLogs"][0]["scopeLogs"][0]["logRecords"]]
    assert after == [
        text("/users/*"),
        text("/keep/42"),
        {"arrayValue": {"values": [text("/a/*")]}},
        {"kvlistValue": {"values": [{"key": "k", "value": text("/a/*")}]}},
    ]
