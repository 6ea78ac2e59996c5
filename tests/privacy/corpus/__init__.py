"""Labelled lines of real log formats: what each detector should find, and what only looks like it.

`python -m tests.privacy.corpus` writes the files anew, always the same. A line's labels stand in it:
`⟦ipv4|203.0.113.7⟧`; they may nest. `⏎` is a line break within a record.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
_MARK = re.compile(r"⟦([a-z0-9_]+)\||⟧")


@dataclass(frozen=True)
class Line:
    """A record's text, and the spans in it by detector, in characters."""

    text: str
    labels: dict[str, list[tuple[int, int]]]


def read_corpus() -> dict[str, list[Line]]:
    """Give the lines of each format by its name."""
    return {
        path.stem: [parse(line) for line in path.read_text("utf-8").splitlines()]
        for path in sorted(FOLDER.glob("*.txt"))
    }


def parse(marked: str) -> Line:
    """Take the labels out of a line."""
    text, at = "", 0
    open_labels: list[tuple[str, int]] = []
    labels: dict[str, list[tuple[int, int]]] = {}
    for mark in _MARK.finditer(marked):
        text += marked[at : mark.start()]
        at = mark.end()
        if mark[1] is not None:
            open_labels.append((mark[1], len(text)))
        else:
            name, start = open_labels.pop()
            labels.setdefault(name, []).append((start, len(text)))
    text += marked[at:]
    return Line(text.replace("⏎", "\n"), labels)
