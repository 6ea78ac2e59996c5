"""The redaction processor's options as the OpenTelemetry Collector has them, example by example."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

import pytest

from mainstem import _core

if TYPE_CHECKING:
    from tests.privacy.sides import Redactor

ALLOW = {"allow_all_keys": True}


def through(
    redactor: Redactor, options: dict[str, Any], record: dict[str, Any], coverage: str
) -> dict[str, Any]:
    """Give a log record after one processor."""
    policy = {"coverage": coverage, "processors": [{"name": "redaction", **options}]}
    logs = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}
    line, _ = _core.redact_json(
        "logs", json.dumps(logs).encode(), json.dumps(policy), str(redactor.key_path)
    )
    out: dict[str, Any] = json.loads(line)["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]
    return out


def value(plain: Any) -> dict[str, Any]:
    """Give a JSON value as an OTLP value; bytes as base64 text in `bytes:`."""
    match plain:
        case bool():
            return {"boolValue": plain}
        case int():
            return {"intValue": str(plain)}
        case float():
            return {"doubleValue": plain}
        case list():
            return {"arrayValue": {"values": [value(one) for one in plain]}}
        case dict():
            return {"kvlistValue": {"values": pairs(plain)}}
        case _:
            return {"stringValue": plain}


def pairs(plain: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value(one)} for key, one in plain.items()]


ATTRIBUTES: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    # Keys: an empty list of allowed keys fails closed; ignored keys come first.
    ({}, {"a": "x", "b": 1}, {}),
    ({"allowed_keys": ["a"]}, {"a": "x", "b": "y"}, {"a": "x"}),
    ({"ignored_keys": ["b"]}, {"a": "x", "b": "y"}, {"b": "y"}),
    ({"ignored_key_patterns": ["^safe_"]}, {"safe_x": "1", "unsafe_x": "1"}, {"safe_x": "1"}),
    (ALLOW, {"a": "x", "b": 1}, {"a": "x", "b": 1}),
    (
        ALLOW | {"ignored_keys": ["a"], "blocked_values": ["x"]},
        {"a": "x", "b": "x"},
        {"a": "x", "b": "****"},
    ),
    (ALLOW | {"ignored_keys": ["a"], "blocked_key_patterns": ["a"]}, {"a": "x"}, {"a": "x"}),
    # A summary passes a processor that writes one itself, or that is told to let it.
    ({}, {"redaction.masked.count": 1}, {}),
    (
        {"summary": "info", "blocked_key_patterns": ["."]},
        {"redaction.masked.count": 1},
        {"redaction.masked.count": 1},
    ),
    (
        {"allowed_keys": ["redaction.masked.count"]},
        {"redaction.masked.count": 1},
        {"redaction.masked.count": 1},
    ),
    # Blocked keys: unanchored, the whole value, whatever its type.
    (
        ALLOW | {"blocked_key_patterns": ["token"]},
        {"my_token_1": "x y", "b": "x"},
        {"my_token_1": "****", "b": "x"},
    ),
    (ALLOW | {"blocked_key_patterns": ["^token$"]}, {"tokens": "x"}, {"tokens": "x"}),
    (ALLOW | {"blocked_key_patterns": ["t"]}, {"t": "a\nb"}, {"t": "****"}),
    (ALLOW | {"blocked_key_patterns": ["t"]}, {"t": 5}, {"t": "****"}),
    (ALLOW | {"blocked_key_patterns": ["t"]}, {"t": ""}, {"t": "****"}),
    # Blocked values: each match, in order, each on the last one's output.
    (ALLOW | {"blocked_values": ["[0-9]+"]}, {"a": "1 and 22"}, {"a": "**** and ****"}),
    (ALLOW | {"blocked_values": ["ab", "b"]}, {"a": "abb"}, {"a": "********"}),
    (ALLOW | {"blocked_values": ["a", r"\*"]}, {"n": "a"}, {"n": "****************"}),
    (ALLOW | {"blocked_values": ["^a$"]}, {"n": "a\na"}, {"n": "a\na"}),
    (ALLOW | {"blocked_values": ["(?m)^a$"]}, {"n": "a\na"}, {"n": "****\n****"}),
    (ALLOW | {"blocked_values": ["(?i)SECRET"]}, {"a": "a secret"}, {"a": "a ****"}),
    (ALLOW | {"blocked_values": [r"\d+"]}, {"a": "٣ 3"}, {"a": "٣ ****"}),
    (ALLOW | {"blocked_values": ["x"]}, {"a": True, "b": 1.5}, {"a": True, "b": 1.5}),
    (ALLOW | {"blocked_values": ["5"]}, {"a": 5}, {"a": 5}),
    # A value that is no string counts as empty: what matches that changes it.
    (ALLOW | {"blocked_values": ["^$"]}, {"a": 5}, {"a": "****"}),
    # Allowed values: anywhere in the value, and before blocked keys and values.
    (
        ALLOW | {"allowed_values": ["ok"], "blocked_values": ["x"]},
        {"a": "x ok", "b": "x"},
        {"a": "x ok", "b": "****"},
    ),
    (
        ALLOW | {"allowed_values": ["ok"], "blocked_key_patterns": ["a"]},
        {"a": "ok", "aa": "x"},
        {"a": "ok", "aa": "****"},
    ),
    ({"allowed_values": ["ok"]}, {"a": "ok"}, {}),
    # All types: the text of a value, and a string back.
    (
        ALLOW | {"redact_all_types": True, "blocked_values": ["^5$"]},
        {"a": 5, "b": 55},
        {"a": "****", "b": 55},
    ),
    (
        ALLOW | {"redact_all_types": True, "blocked_values": ["true|1.5"]},
        {"a": True, "b": 1.5},
        {"a": "****", "b": "****"},
    ),
    (
        ALLOW | {"redact_all_types": True, "blocked_values": ["x"]},
        {"a": ["x", 1]},
        {"a": '["****",1]'},
    ),
    (
        ALLOW | {"redact_all_types": True, "blocked_values": ["x"]},
        {"a": {"k": "x"}},
        {"a": '{"k":"****"}'},
    ),
    # Hashes of the match.
    (
        ALLOW | {"hash_function": "md5", "blocked_values": ["b+"]},
        {"a": "abbc"},
        {"a": f"a{hashlib.md5(b'bb').hexdigest()}c"},
    ),
    (
        ALLOW | {"hash_function": "sha1", "blocked_key_patterns": ["a"]},
        {"a": "x"},
        {"a": hashlib.sha1(b"x").hexdigest()},
    ),
    (
        ALLOW | {"hash_function": "sha3", "blocked_values": ["x"]},
        {"a": "x"},
        {"a": hashlib.sha3_256(b"x").hexdigest()},
    ),
    (
        ALLOW | {"hash_function": "hmac-sha256", "hmac_key": "k", "blocked_values": ["x"]},
        {"a": "x"},
        {"a": hmac.new(b"k", b"x", "sha256").hexdigest()},
    ),
    # Summaries, merged into what an earlier processor wrote.
    (
        {
            "allowed_keys": ["a", "c"],
            "ignored_keys": ["d"],
            "blocked_values": ["x"],
            "allowed_values": ["ok"],
            "summary": "debug",
        },
        {"b": "1", "a": "x", "c": "ok", "d": "2"},
        {
            "a": "****",
            "c": "ok",
            "d": "2",
            "redaction.redacted.keys": "b",
            "redaction.redacted.count": 1,
            "redaction.masked.keys": "a",
            "redaction.masked.count": 1,
            "redaction.allowed.keys": "c",
            "redaction.allowed.count": 1,
            "redaction.ignored.count": 1,
        },
    ),
    ({"summary": "info"}, {"b": "1", "a": "2"}, {"redaction.redacted.count": 2}),
    (
        {"summary": "debug"},
        {"b": "1", "redaction.redacted.keys": "z,a", "redaction.redacted.count": 2},
        {"redaction.redacted.keys": "a,b,z", "redaction.redacted.count": 3},
    ),
    (ALLOW | {"summary": "debug"}, {"b": "1"}, {"b": "1"}),
]


@pytest.mark.parametrize("coverage", ["attributes", "full"])
@pytest.mark.parametrize(("options", "before", "after"), ATTRIBUTES)
def test_attributes(
    redactor: Redactor,
    options: dict[str, Any],
    before: dict[str, Any],
    after: dict[str, Any],
    coverage: str,
) -> None:
    record = through(redactor, options, {"attributes": pairs(before)}, coverage)
    # Order is not part of it.
    found = {pair["key"]: pair["value"] for pair in record.get("attributes", [])}
    assert found == {pair["key"]: pair["value"] for pair in pairs(after)}


BODIES: list[tuple[dict[str, Any], Any, Any, dict[str, Any]]] = [
    (
        ALLOW | {"blocked_values": ["x"], "summary": "debug"},
        "a x",
        "a ****",
        {"masked.keys": "body", "masked.count": 1},
    ),
    (ALLOW | {"blocked_values": ["5"]}, 15, "1****", {}),
    (ALLOW | {"blocked_values": ["x"], "allowed_values": ["ok"]}, "x ok", "x ok", {}),
    (
        ALLOW | {"blocked_values": ["x"], "summary": "debug"},
        {"a": {"b": "x", "c": ["y", "x", {"d": "x"}]}},
        {"a": {"b": "****", "c": ["y", "****", {"d": "****"}]}},
        {"masked.keys": "a.b,a.c.[1],a.c.[2].d", "masked.count": 3},
    ),
    (
        ALLOW | {"blocked_values": ["x"], "summary": "debug"},
        ["x"],
        ["****"],
        {"masked.keys": "[0]", "masked.count": 1},
    ),
    (
        {"allowed_keys": ["a", "b"], "summary": "debug"},
        {"a": {"b": "1", "c": "2"}, "d": "3"},
        {"a": {"b": "1"}},
        {"redacted.keys": "a.c,d", "redacted.count": 2},
    ),
    (
        ALLOW | {"blocked_key_patterns": ["^k"], "summary": "info"},
        {"a": {"k1": {"x": "y"}}},
        {"a": {"k1": "****"}},
        {"masked.count": 1},
    ),
    (
        ALLOW | {"ignored_keys": ["a"], "blocked_values": ["x"], "summary": "debug"},
        {"a": {"b": "x"}, "c": "x"},
        {"a": {"b": "x"}, "c": "****"},
        {"ignored.count": 1, "masked.keys": "c", "masked.count": 1},
    ),
]


@pytest.mark.parametrize("coverage", ["attributes", "full"])
@pytest.mark.parametrize(("options", "before", "after", "summary"), BODIES)
def test_bodies(
    redactor: Redactor,
    options: dict[str, Any],
    before: Any,
    after: Any,
    summary: dict[str, Any],
    coverage: str,
) -> None:
    record = through(redactor, options, {"body": value(before)}, coverage)
    assert record["body"] == value(after)
    found = {pair["key"]: pair["value"] for pair in record.get("attributes", [])}
    assert found == {f"redaction.body.{key}": value(one) for key, one in summary.items()}
