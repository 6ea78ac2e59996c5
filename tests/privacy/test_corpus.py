"""How well each detector does on labelled lines of real log formats, and that the page says so."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mainstem import _core
from mainstem.privacy import ALWAYS_ON, BY_CHOICE
from tests.privacy.corpus import FOLDER, Line, read_corpus
from tests.privacy.corpus.__main__ import lines as generated
from tests.privacy.corpus.formats import FORMATS

if TYPE_CHECKING:
    from tests.privacy.sides import Redactor

PAGE = Path(__file__).parents[2] / "docs" / "detectors.md"
# Below these, a change has made a detector worse; precision first.
FLOORS = dict.fromkeys((*ALWAYS_ON, *BY_CHOICE), (0.9, 0.97))

Span = tuple[int, int]


@dataclass(frozen=True)
class Score:
    """Labels, of which some were found whole; finds, of which some were right."""

    labels: int
    found: int
    finds: int
    right: int

    @property
    def precision(self) -> float:
        return self.right / self.finds if self.finds else 1

    @property
    def recall(self) -> float:
        return self.found / self.labels if self.labels else 1


def finds(redactor: Redactor, detector: str, texts: list[str]) -> list[list[Span]]:
    """Give the spans that a detector masks in each text, from what the core leaves of them."""
    records = [{"body": {"stringValue": text}} for text in texts]
    request = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]})
    policy = json.dumps({"detectors": [detector]})
    line, _ = _core.redact_json("logs", request.encode(), policy, str(redactor.key_path))
    after = json.loads(line)["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    mask = "?" if detector == "sql_literal" else "****"
    return [
        spans(text, record["body"]["stringValue"], mask)
        for text, record in zip(texts, after, strict=True)
    ]


def spans(before: str, after: str, mask: str) -> list[Span]:
    """Find out what the masks stand for."""
    if before == after:
        return []
    kept = [re.escape(part) for part in after.split(mask)]
    match = re.fullmatch("(.+?)".join(kept), before, re.DOTALL)
    assert match is not None, (before, after)
    found = [match.span(group + 1) for group in range(len(kept) - 1)]
    return [(start, end) for start, end in found if before[start:end] != mask]


def score(redactor: Redactor, detector: str, lines: list[Line]) -> Score:
    labels = found = total = right = 0
    masked = finds(redactor, detector, [line.text for line in lines])
    for line, ours in zip(lines, masked, strict=True):
        theirs = line.labels.get(detector, [])
        labels += len(theirs)
        total += len(ours)
        found += sum(any(s <= a and b <= e for s, e in ours) for a, b in theirs)
        right += sum(any(s < b and a < e for a, b in theirs) for s, e in ours)
    return Score(labels, found, total, right)


@pytest.fixture(scope="module")
def scores(redactor: Redactor) -> dict[str, Score]:
    lines = [line for of_format in read_corpus().values() for line in of_format]
    return {name: score(redactor, name, lines) for name in (*ALWAYS_ON, *BY_CHOICE)}


def test_the_corpus_is_what_its_program_writes() -> None:
    assert sorted(FORMATS) == sorted(path.stem for path in FOLDER.glob("*.txt"))
    for name in FORMATS:
        written = (FOLDER / f"{name}.txt").read_text("utf-8")
        assert written.splitlines() == generated(name), "python -m tests.privacy.corpus"


def test_the_corpus_is_large_and_hard() -> None:
    corpus = read_corpus()
    lines = [line for of_format in corpus.values() for line in of_format]
    assert len(corpus) >= 10
    assert len(lines) >= 2000
    unlabelled = [line for line in lines if not line.labels]
    assert len(unlabelled) > 200


@pytest.mark.parametrize("detector", [*ALWAYS_ON, *BY_CHOICE])
def test_a_detector_is_no_worse_than_it_was(scores: dict[str, Score], detector: str) -> None:
    precision, recall = FLOORS[detector]
    scored = scores[detector]
    assert scored.labels >= 20
    assert scored.precision >= precision
    assert scored.recall >= recall


def test_the_page_shows_these_scores(scores: dict[str, Score]) -> None:
    """Where it does not, put this table in."""
    assert table(scores) in PAGE.read_text()


def table(scores: dict[str, Score]) -> str:
    rows = [
        f"| `{name}` | {one.labels} | {one.finds} | {one.precision:.3f} | {one.recall:.3f} |"
        for name, one in scores.items()
    ]
    head = ["| detector | labels | finds | precision | recall |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows])
