"""How a policy is put together, and what the core refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr, ValidationError

from mainstem import _core
from mainstem.config.redaction import RedactionOverlay
from mainstem.privacy import (
    ALWAYS_ON,
    BY_CHOICE,
    build_policy_spec,
    build_policy_specs,
    policy_warnings,
)

if TYPE_CHECKING:
    from tests.privacy.sides import Redactor


def test_detectors_and_personal_keys_are_on_without_any_processor() -> None:
    spec = build_policy_spec([])
    assert (spec.coverage, spec.detectors, spec.personal_keys) == ("full", ALWAYS_ON, True)
    _core.check_policy(spec.to_json())


def test_coverage_is_narrow_only_where_every_processor_says_so() -> None:
    narrow = {"name": "redaction", "allow_all_keys": True, "coverage": "attributes"}
    spec = build_policy_spec([narrow])
    assert (spec.coverage, spec.detectors, spec.personal_keys) == ("attributes", (), False)
    wide = build_policy_spec([narrow, {"name": "redaction/2", "allow_all_keys": True}])
    assert (wide.coverage, wide.detectors, wide.personal_keys) == ("full", ALWAYS_ON, True)


def test_the_last_of_several_steps_has_what_is_not_the_team_s_own() -> None:
    narrow = {"name": "redaction", "allow_all_keys": True, "coverage": "attributes"}
    wide = {"name": "redaction/2", "allow_all_keys": True}
    overlay = RedactionOverlay(blocked_values=("b",), detectors=("phone",))
    first, last = build_policy_specs([[narrow], [wide]], overlay, ["tenant.id"])
    assert [processor.name for processor in first.processors] == ["redaction"]
    assert [processor.name for processor in last.processors] == ["redaction/2", "overlay"]
    assert (first.detectors, first.personal_keys, first.coverage) == ((), False, "full")
    assert (last.detectors, last.personal_keys) == ((*ALWAYS_ON, "phone"), True)
    assert first.vocabulary == last.vocabulary == ("tenant.id",)
    assert build_policy_specs([[wide]], overlay) == (build_policy_spec([wide], overlay),)


def test_an_overlay_adds_and_never_weakens() -> None:
    own = {"name": "redaction", "allow_all_keys": True, "blocked_values": ["a"]}
    overlay = RedactionOverlay(blocked_values=("b",), detectors=("phone", "email"))
    spec = build_policy_spec([own], overlay, ["tenant.id"])
    assert [processor.blocked_values for processor in spec.processors] == [("a",), ("b",)]
    assert spec.processors[1].allow_all_keys
    assert spec.detectors == (*ALWAYS_ON, "phone")
    assert spec.vocabulary == ("tenant.id",)
    narrow = build_policy_spec([own | {"coverage": "attributes"}], overlay)
    assert narrow.detectors == ("phone", "email")


def test_rules_are_known_by_their_owner_and_what_is_laid_over_comes_first() -> None:
    rule = {"name": "mail", "detector": "email", "action": "partial", "keep": "domain"}
    own = {"name": "redaction/eu", "allow_all_keys": True, "rules": [rule]}
    base = RedactionOverlay.model_validate({"rules": [rule], "rotate": "year"})
    overlay = RedactionOverlay.model_validate({"rules": [rule], "detectors": ["phone"]}).on(base)
    spec = build_policy_spec([own], overlay)
    assert [rule.name for rule in spec.rules] == [
        "overlay.mail",
        "base.mail",
        "redaction/eu.mail",
    ]
    assert spec.rotate == "year"
    _core.check_policy(spec.to_json())
    first, last = build_policy_specs([[own], [own | {"name": "redaction/2"}]], overlay)
    assert [rule.name for rule in first.rules] == ["redaction/eu.mail"]
    assert [rule.name for rule in last.rules] == [
        "overlay.mail",
        "base.mail",
        "redaction/2.mail",
    ]


def test_a_rules_hmac_key_reaches_the_core_and_no_representation() -> None:
    rule = {
        "name": "mail",
        "detector": "email",
        "action": "hash",
        "hash_function": "hmac-sha256",
        "hmac_key": "hush",
    }
    spec = build_policy_spec([], RedactionOverlay.model_validate({"rules": [rule]}))
    assert json.loads(spec.to_json())["rules"][0]["hmac_key"] == "hush"
    assert "hush" not in repr(spec)
    assert policy_warnings(spec) == []
    unkeyed = rule | {"hash_function": "sha1", "hmac_key": ""}
    spec = build_policy_spec([], RedactionOverlay.model_validate({"rules": [unkeyed]}))
    assert policy_warnings(spec)[0].startswith("overlay.mail: hash_function sha1")


@pytest.mark.parametrize(
    "pattern",
    ["((a{200}){200}){200}", r"(?:[\pL\pN]{1,900}){1,900}", "(((a*)*)*)*b{1000}{1000}"],
)
def test_a_pattern_that_would_be_slow_is_refused(pattern: str) -> None:
    rule = {"name": "slow", "pattern": pattern}
    spec = build_policy_spec([], RedactionOverlay.model_validate({"rules": [rule]}))
    with pytest.raises(_core.PlanError, match=r"^overlay\.slow: "):
        _core.check_policy(spec.to_json())


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*)*x", r"(\w+\s?)*!"])
def test_a_pattern_that_backtracks_elsewhere_takes_linear_time(
    redactor: Redactor, pattern: str
) -> None:
    rule = {"name": "slow", "pattern": pattern}
    spec = build_policy_spec([], RedactionOverlay.model_validate({"rules": [rule]}))
    record = {"body": {"stringValue": "a" * 200_000 + "?"}}
    request = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]})
    line, _ = _core.redact_json("logs", request.encode(), spec.to_json(), str(redactor.key_path))
    assert line.endswith(b'?"}}]}]}]}')


def test_the_core_knows_the_same_detectors() -> None:
    _core.check_policy(json.dumps({"detectors": [*ALWAYS_ON, *BY_CHOICE]}))
    with pytest.raises(_core.PlanError) as caught:
        _core.check_policy(json.dumps({"detectors": ["nose"]}))
    listed = str(caught.value).partition("there are ")[2].split(", ")
    assert sorted(listed) == sorted([*ALWAYS_ON, *BY_CHOICE])


def test_an_hmac_key_reaches_the_core_and_no_representation() -> None:
    processor = {
        "name": "redaction",
        "allow_all_keys": True,
        "hash_function": "hmac-sha256",
        "hmac_key": SecretStr("hush"),
    }
    spec = build_policy_spec([processor])
    assert json.loads(spec.to_json())["processors"][0]["hmac_key"] == "hush"
    assert "hush" not in repr(spec)


def test_an_unknown_option_is_refused_without_its_value() -> None:
    with pytest.raises(ValidationError) as caught:
        build_policy_spec([{"name": "redaction", "blocked": ["hush"]}])
    assert "hush" not in str(caught.value)


def test_what_is_weak_is_said() -> None:
    md5 = {"name": "redaction", "allow_all_keys": True, "hash_function": "md5"}
    assert len(policy_warnings(build_policy_spec([md5]))) == 1
    assert len(policy_warnings(build_policy_spec([md5 | {"coverage": "attributes"}]))) == 2
    assert policy_warnings(build_policy_spec([])) == []


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"blocked_values": ["ok", "(?=a)"]}, r"blocked_values\[1\]: look-around"),
        ({"blocked_key_patterns": [r"(a)\1"]}, r"blocked_key_patterns\[0\]: a back-reference"),
        ({"allowed_values": ["["]}, r"allowed_values\[0\]: a class has no end"),
        ({"blocked_values": ["("]}, r"blocked_values\[0\]: "),
        ({"blocked_values": [r"(?:\pL{1000}){1000}"]}, r"blocked_values\[0\]: its automaton"),
        ({"hash_function": "hmac-sha256"}, "hash_function: .*hmac_key"),
        ({"hash_function": "md5", "masking_string": "-"}, "hash_function: either"),
    ],
)
def test_a_rule_that_cannot_be_is_named(options: dict[str, Any], place: str) -> None:
    spec = {"processors": [{"name": "redaction/eu", "allow_all_keys": True, **options}]}
    with pytest.raises(_core.PlanError, match=rf"^redaction/eu\.{place}"):
        _core.check_policy(json.dumps(spec))
