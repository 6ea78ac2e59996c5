"""Random conditions and statements in the part of OTTL that docs/processors.md lists."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

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

    def __init__(self, rng: random.Random, signal: str, keys: list[str] = KEYS) -> None:
        self.rng = rng
        self.keys = keys
        self.paths = PATHS[signal]

    def path(self, among: list[str] | None = None) -> str:
        chosen = self.rng.choice(among or self.paths)
        if not chosen.endswith(INDEXED):
            return chosen
        keys = [self.rng.choice(["0", "2", *map(json.dumps, self.keys)]) for _ in range(3)]
        keys = keys[: self.rng.randrange(4)]
        if keys and chosen.endswith("attributes"):
            keys[0] = json.dumps(self.rng.choice(self.keys))
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
