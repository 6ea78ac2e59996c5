"""The questions that `answers` knows: one SQL file each, with a head that says what it is.

A file `questions/<name>.sql` holds a query on the published schemas `gold`, `evidence` and
`status`. Comment lines `-- key: text` above it say what a person asks (`question`), what the rows
are (`about`), what no rows mean (`empty`), which columns the table shows under which heading
(`table`; JSON has all), where it stands among the others (`order`) and, if wanted, a query that
counts all rows by a word (`others`).
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from mainstem.errors import UsageError

_HEAD = re.compile(r"^-- (question|about|empty|table|order|others): (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Question:
    """One question, and the query that answers it; columns named `..._share` hold shares of 1."""

    name: str
    order: int
    question: str
    about: str
    empty: str
    table: dict[str, str]
    """The columns that a table shows, with their headings."""
    sql: str
    others: str | None = None

    @classmethod
    def parse(cls, name: str, text: str) -> Question:
        """Read a question's file; KeyError where its head lacks a line."""
        head = dict(_HEAD.findall(text))
        return cls(
            name=name,
            order=int(head["order"]),
            question=head["question"],
            about=head["about"],
            empty=head["empty"],
            table=dict(_heading(entry.strip()) for entry in head["table"].split(",")),
            sql=text,
            others=head.get("others"),
        )


def _heading(entry: str) -> tuple[str, str]:
    column, _, heading = entry.partition(" as ")
    return column, heading or column


@cache
def load_questions() -> dict[str, Question]:
    """Read every question that is packaged, by name, in their order."""
    folder = files("mainstem.present").joinpath("questions")
    found = [
        Question.parse(entry.name.removesuffix(".sql"), entry.read_text(encoding="utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".sql")
    ]
    return {question.name: question for question in sorted(found, key=lambda each: each.order)}


def find_question(asked: str) -> Question:
    """Find a question by its name or its words; UsageError names the nearest."""
    questions = load_questions()
    wanted = asked.casefold().rstrip("?")
    for question in questions.values():
        if wanted in (question.name, question.question.casefold().rstrip("?")):
            return question
    nearest = difflib.get_close_matches(wanted, questions, n=1, cutoff=0.4)
    guess = f": did you mean {nearest[0]}?" if nearest else ""
    raise UsageError(
        f"there is no question {asked}{guess}", hint=f"questions: {', '.join(questions)}"
    )
