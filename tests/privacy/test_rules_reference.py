"""What becomes of a text under a team's own rules is what the plain reference makes of it."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from mainstem import _core
from mainstem.config.redaction import RedactionOverlay
from mainstem.privacy import build_policy_spec
from tests.reference.rules import Rules

if TYPE_CHECKING:
    from tests.privacy.sides import Redactor

MAIL = r"[a-z]+@[a-z]+\.org"
ADDRESS = r"[0-9a-f]+(?:[:.]+[0-9a-f]+){3,7}(?:/[0-9]+)?"
ACTIONS: list[dict[str, Any]] = [
    {"pattern": "abc", "action": "mask"},
    {"pattern": MAIL, "action": "partial", "keep": "domain"},
    {"pattern": "secret-[0-9]+", "action": "partial", "keep": 3},
    {"pattern": "abc", "action": "hash", "hash_function": "sha3"},
    {"pattern": "x+", "action": "hash", "hash_function": "hmac-sha256", "hmac_key": "k"},
    {"pattern": MAIL, "action": "pseudonym"},
    {"pattern": "secret-[0-9]+", "action": "pseudonym", "rotate": "year"},
    {"pattern": "é+", "action": "pseudonym", "rotate": "month"},
    {"pattern": ADDRESS, "action": "generalise", "to": "network"},
    {"pattern": "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+", "action": "generalise", "to": "hour"},
    {"pattern": "[0-9]{9,18}", "action": "generalise", "to": "hour"},
    {"pattern": "[0-9]{1,8}", "action": "generalise", "to": "bucket", "size": 10},
    # So short that Rust and Python write the same digits.
    {"pattern": r"[0-9]{1,9}\.[0-9]{1,3}", "action": "generalise", "to": "bucket", "size": 0.25},
    {"pattern": "gone", "action": "drop_attribute"},
    {"pattern": "never", "action": "drop_record"},
]
PIECES = [
    *("abc", "xx", "é", " ", ",", "=", "/", "\\", '"', "{", "%", "%zz", "gone", "never"),
    *("ann@example.org", "secret-7", "secret-123456", "****12", "7.25", "0.5", "42", "-17"),
    *("192.168.1.77", "10.0.0.1/8", "2001:db8:1:2:3:4:5:6", "0:0:0:0:0:ffff:102:304"),
    *("2026-11-24T13:45:59.123Z", "2026-11-24T13:45", "1764000000", "1764000000123", "012:34"),
]


def encoded(text: str) -> st.SearchStrategy[str]:
    data = text.encode()
    return st.sampled_from(
        [
            json.dumps({"key": text}, ensure_ascii=False),
            json.dumps([text, 1]),
            quote(text, safe=""),
            base64.b64encode(data).decode(),
            base64.b64encode(data).decode().rstrip("="),
            base64.urlsafe_b64encode(data).decode(),
        ]
    )


PLAIN = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map("".join)
TEXTS = st.recursive(
    PLAIN,
    lambda inner: st.tuples(PLAIN, inner.flatmap(encoded), PLAIN).map("".join),
    max_leaves=4,
)
WAYS = st.permutations(["json", "url", "base64"]).flatmap(
    lambda ways: st.integers(0, 3).map(lambda count: ways[:count])
)


@st.composite
def rule_sets(draw: st.DrawFn) -> list[dict[str, Any]]:
    chosen = draw(st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=4))
    return [
        {"name": f"r{number}", **action, "decode": draw(WAYS)}
        for number, action in enumerate(chosen)
    ]


def core(redactor: Redactor, rules: list[dict[str, Any]], text: str) -> list[Any]:
    """Give the records that the core leaves of one whose attribute `note` is the text."""
    policy = build_policy_spec([], RedactionOverlay.model_validate({"rules": rules})).to_json()
    alone = {**json.loads(policy), "detectors": [], "personal_keys": False}
    record = {"attributes": [{"key": "note", "value": {"stringValue": text}}]}
    request = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}
    line, _ = _core.redact_json(
        "logs", json.dumps(request).encode(), json.dumps(alone), str(redactor.key_path)
    )
    return [
        record
        for resource in json.loads(line).get("resourceLogs", [])
        for scope in resource.get("scopeLogs", [])
        for record in scope.get("logRecords", [])
    ]


@pytest.mark.parametrize("examples", [300, pytest.param(20_000, marks=pytest.mark.prove)])
def test_a_text_under_rules(redactor: Redactor, examples: int) -> None:
    key = bytes.fromhex(redactor.key_path.read_text().split()[2])

    @settings(
        max_examples=examples,
        deadline=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(rules=rule_sets(), text=TEXTS)
    def compare(rules: list[dict[str, Any]], text: str) -> None:
        assume(len(text) < 4_000)
        expected = Rules(rules, key).apply(text)
        records = core(redactor, rules, text)
        if expected.record_goes:
            assert records == []
            return
        (record,) = records
        attributes = record.get("attributes", [])
        if expected.attribute_goes:
            assert attributes == []
        else:
            assert attributes == [{"key": "note", "value": {"stringValue": expected.text}}]

    compare()
