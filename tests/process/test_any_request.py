"""Any request through any processors: no fault, every record counted, and a line that reads."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import generate
from reference.statements import OF_SIGNAL, Writer

from mainstem import _core

if TYPE_CHECKING:
    from pathlib import Path

ACTIONS: list[dict[str, Any]] = [
    {"key": "a", "value": {"b": [1, None]}, "action": "upsert"},
    {"key": "b", "from_attribute": "a", "default_value": 1, "action": "insert"},
    {"pattern": "^a", "action": "delete"},
    {"pattern": ".", "action": "hash"},
    {"key": "a", "pattern": "(?P<a>.)(?P<c>.)?", "action": "extract"},
    {"key": "a", "converted_type": "int", "action": "convert"},
    {"key": "service.name", "converted_type": "string", "action": "convert"},
]


def steps(seed: int, signal: str) -> list[dict[str, Any]]:
    """One to four processors with options that are right."""
    rng = random.Random(seed)
    writer = Writer(rng, signal)
    word = signal.removesuffix("s")

    def step() -> dict[str, Any]:
        mode = {"error_mode": rng.choice(["ignore", "silent", "propagate"])}
        actions = rng.choices(ACTIONS, k=3)
        kinds: list[dict[str, Any]] = [
            {"attributes": {"actions": actions}},
            {"resource": {"attributes": actions}},
            {"filter": {f"{word}_conditions": [writer.condition(), writer.condition()], **mode}},
            {"transform": {f"{word}_statements": [writer.statement() for _ in range(4)], **mode}},
            {"redaction": {"detectors": ["email", "ipv4"], "personal_keys": True}},
        ]
        if signal != "metrics":
            sampler = {
                "sampling_percentage": rng.choice([0, 0.01, 30, 100]),
                "mode": rng.choice(["hash_seed", "proportional", "equalizing"]),
                "fail_closed": rng.random() < 0.5,
                "from_attribute": "a",
                "sampling_priority": "b",
                "attribute_source": rng.choice(["traceID", "record"]),
            }
            kinds.append({"probabilistic_sampler": sampler})
        return rng.choice(kinds)

    return [step() for _ in range(rng.randint(1, 4))]


@pytest.mark.parametrize("signal", sorted(OF_SIGNAL))
@settings(deadline=None, max_examples=300)
@given(data=st.data(), seed=st.integers(0, 2**64 - 1))
def test_every_record_is_accounted_for(
    signal: str, data: st.DataObject, seed: int, key_path: Path
) -> None:
    body = data.draw(generate.wire(signal))
    given_steps = json.dumps(steps(seed, signal))
    line, _, books = _core.process_json(signal, body, given_steps, str(key_path))
    kept = {name: count for name, count in books.items() if name != "received"}
    assert books["received"] == sum(kept.values()), (books, given_steps)
    assert _core.count_blob(line + b"\n", signal) == (1, books["stored"])
    assert _core.transcode(signal, line, "json") == line
