"""Any request through any processors: no fault, every record counted, and a line that reads."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import generate

from mainstem import _core

PAGE = (Path(__file__).parents[2] / "docs" / "processors.md").read_text()
OF_SIGNAL = {
    "traces": ("resource", "scope", "span", "spanevent"),
    "logs": ("resource", "scope", "log"),
    "metrics": ("resource", "scope", "metric", "datapoint"),
}
INDEXED = ("attributes", "body")
FIXED = re.compile(r"_id\.string$|metric\.type$")
KEYS = ["a", "b", " ", "service.name", "tenant.id", "é", ""]
LITERALS = [
    "nil", "true", "0", "-1", "9223372036854775807", "1.5", '"a"', '""', "0x00ff", '["a", 1]',
    "SPAN_KIND_SERVER", 'Duration("1s")',
]  # fmt: skip
PATTERNS = [json.dumps(pattern) for pattern in ("a", ".*", "^$", "(.)(b)?", "x*")]
CONVERTERS = ["ToLowerCase", "ToUpperCase", "String", "Int", "Double", "Bool", "Len", "SHA256"]
KINDS = ["IsString", "IsInt", "IsDouble", "IsBool", "IsMap", "IsList"]
ACTIONS: list[dict[str, Any]] = [
    {"key": "a", "value": {"b": [1, None]}, "action": "upsert"},
    {"key": "b", "from_attribute": "a", "default_value": 1, "action": "insert"},
    {"pattern": "^a", "action": "delete"},
    {"pattern": ".", "action": "hash"},
    {"key": "a", "pattern": "(?P<a>.)(?P<c>.)?", "action": "extract"},
    {"key": "a", "converted_type": "int", "action": "convert"},
    {"key": "service.name", "converted_type": "string", "action": "convert"},
]


def listed_paths() -> dict[str, list[str]]:
    """Every path that the page lists, by what it is of."""
    rows = re.findall(r"^\| `(\w+)`[^|]*\| (`.*`) \|$", PAGE, re.MULTILINE)
    return {of: [f"{of}.{path}" for path in re.findall(r"`([^`]+)`", row)] for of, row in rows}


PATHS = {
    signal: [path for of in contexts for path in listed_paths()[of]]
    for signal, contexts in OF_SIGNAL.items()
}


class Writer:
    """Writes statements about a signal, without end and by chance."""

    def __init__(self, rng: random.Random, signal: str) -> None:
        self.rng = rng
        self.paths = PATHS[signal]

    def path(self, among: list[str] | None = None) -> str:
        chosen = self.rng.choice(among or self.paths)
        if not chosen.endswith(INDEXED):
            return chosen
        keys = [self.rng.choice(["0", "2", *map(json.dumps, KEYS)]) for _ in range(3)]
        keys = keys[: self.rng.randrange(4)]
        if keys and chosen.endswith("attributes"):
            keys[0] = json.dumps(self.rng.choice(KEYS))
        return chosen + "".join(f"[{key}]" for key in keys)

    def plain(self) -> str:
        return self.path() if self.rng.random() < 0.6 else self.rng.choice(LITERALS)

    def value(self) -> str:
        made = [
            f"({self.plain()} {self.rng.choice('+-*/')} {self.plain()})",
            f"{self.rng.choice(CONVERTERS)}({self.plain()})",
            f'Concat([{self.plain()}, {self.plain()}], "-")',
            f"Substring({self.plain()}, {self.plain()}, 1)",
            f'Split({self.plain()}, "a")',
        ]
        return self.plain() if self.rng.random() < 0.5 else self.rng.choice(made)

    def condition(self) -> str:
        operator = self.rng.choice(["==", "!=", "<", "<=", ">", ">="])
        compared = f"{self.path()} {operator} {self.value()}"
        made = [
            compared,
            f"({compared} {self.rng.choice(['and', 'or'])} {self.path()} == {self.value()})",
            f"IsMatch({self.path()}, {self.rng.choice(PATTERNS)})",
            f"not {self.rng.choice(KINDS)}({self.path()})",
        ]
        return self.rng.choice(made)

    def statement(self) -> str:
        target = self.path([path for path in self.paths if not FIXED.search(path)])
        mapped = self.path([path for path in self.paths if path.endswith(INDEXED)])
        pattern = self.rng.choice(PATTERNS)
        made = [
            f"set({target}, {self.value()})",
            f'replace_pattern({target}, {pattern}, "<$1>")',
            f'delete_key({mapped}, "a")',
            f"delete_matching_keys({mapped}, {pattern})",
            f'keep_keys({mapped}, ["a", "b"])',
            f"keep_matching_keys({mapped}, {pattern})",
            f'replace_all_patterns({mapped}, "value", {pattern}, "x$0")',
            f'replace_all_patterns({mapped}, "key", {pattern}, "k")',
            f"truncate_all({mapped}, 2)",
            f'limit({mapped}, 1, ["a"])',
        ]
        where = f" where {self.condition()}" if self.rng.random() < 0.5 else ""
        return self.rng.choice([made[0], *made]) + where


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
