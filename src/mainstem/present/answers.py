"""Answers a question from what the last build published, and from nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb

from mainstem.model import DATABASE, Build, current_build, nothing_published

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mainstem.present.questions import Question


@dataclass(frozen=True)
class Answer:
    """The rows that answer a question, as of the build's data date.

    A row's values are what DuckDB gives: str, int, float, Decimal, date, datetime or None. `others`
    counts all rows by their status or reason, where the question asks for it.
    """

    question: Question
    rows: list[dict[str, Any]]
    others: dict[str, int] = field(default_factory=dict)


def answer(published: Path, questions: Sequence[Question]) -> tuple[Build, list[Answer]]:
    """Answer questions from one and the same build; UsageError where none is published."""
    found = current_build(published)
    if found is None:
        raise nothing_published(published)
    build, folder = found
    with duckdb.connect(str(folder / DATABASE), read_only=True) as connection:
        return build, [_ask(connection, question) for question in questions]


def _ask(connection: duckdb.DuckDBPyConnection, question: Question) -> Answer:
    result = connection.execute(question.sql)
    columns = [column[0] for column in result.description or ()]
    rows = [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
    others = dict(connection.execute(question.others).fetchall()) if question.others else {}
    return Answer(question=question, rows=rows, others=others)
