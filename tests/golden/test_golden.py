"""mainstem with `coverage: attributes` does what the collector's redaction processor did."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from mainstem import _core
from mainstem.privacy import build_policy_spec
from tests.golden.record import read_cases, record

if TYPE_CHECKING:
    from pathlib import Path

CASES = {name: case for name, case in read_cases().items() if "processors" in case}


@pytest.mark.parametrize("name", CASES)
def test_mainstem_does_the_same(name: str, key_path: Path) -> None:
    case = CASES[name]
    assert through_mainstem(case, key_path) == comparable(case["signal"], case["output"])


@pytest.mark.prove
def test_the_collector_still_does_the_same() -> None:
    outputs = record(CASES)
    assert {name: _in_order(output) for name, output in outputs.items()} == {
        name: _in_order(case["output"]) for name, case in CASES.items()
    }


def through_mainstem(case: dict[str, Any], key_path: Path) -> Any:
    """Give what mainstem makes of a case, in a form to compare."""
    processors = [
        {"name": f"redaction/{index}", "coverage": "attributes", **options}
        for index, options in enumerate(case["processors"])
    ]
    line, _ = _core.redact_json(
        case["signal"],
        json.dumps(case["input"]).encode(),
        build_policy_spec(processors).to_json(),
        str(key_path),
    )
    return _in_order(json.loads(line))


def comparable(signal: str, output: Any) -> Any:
    """Give the collector's output in the core's encoding, which leaves defaults out."""
    return _in_order(json.loads(_core.transcode(signal, json.dumps(output).encode(), "json")))


def _in_order(part: Any) -> Any:
    """Sort the entries of attribute maps, whose order means nothing, and leave out empty messages.

    The collector has no way to tell an empty resource, scope, status or value from a missing one.
    """
    match part:
        case dict():
            return {key: _in_order(value) for key, value in part.items() if value != {}}
        case [{"key": _}, *_]:
            entries = [_in_order(entry) for entry in part]
            return sorted(entries, key=lambda entry: str(entry["key"]))
        case list():
            return [_in_order(value) for value in part]
        case _:
            return part
