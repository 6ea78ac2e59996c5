"""Hold answers against the truth: counts, amounts and reasons exactly, dates by their interval."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from examples.contoso.truth import Row

Answer = dict[str, object]


@dataclass(frozen=True)
class Question:
    """One question: the mart that answers it, its key, and what must be equal."""

    name: str
    mart: str
    key: tuple[str, ...]
    exact: tuple[str, ...]


QUESTIONS = (
    Question(
        "license_limits",
        "mart_license_headroom",
        ("region", "tenant_id", "license_metric"),
        ("used", "license_limit", "limit_status"),
    ),
    Question(
        "feature_revenue",
        "mart_feature_revenue",
        ("industry", "plan", "currency", "feature_name"),
        ("revenue_per_month", "accounts", "uses"),
    ),
    Question(
        "billing",
        "mart_usage_vs_billing",
        ("account_id", "usage_month", "metric"),
        ("used_quantity", "expected_amount", "invoiced_quantity", "invoiced_amount", "reason"),
    ),
)


@dataclass
class Verdict:
    """How one question's answers compare: values compared, and a line for each that differs."""

    question: str
    compared: int = 0
    wrong: list[str] = field(default_factory=list)

    def expect(self, place: Sequence[object], column: str, truth: object, answer: object) -> None:
        """Compare one value."""
        self.compared += 1
        if _plain(truth) != _plain(answer):
            where = "/".join(str(part) for part in place)
            self.wrong.append(f"{where}: {column} is {answer}, in truth {truth}")


def compare(
    truth: Mapping[str, Sequence[Row]], read_mart: Callable[[str], Iterable[Answer]]
) -> list[Verdict]:
    """Compare every answer with the truth of its warehouse; `read_mart` gives a mart's rows."""
    return [
        _compare(question, truth[question.name], list(read_mart(question.mart)))
        for question in QUESTIONS
    ]


def _compare(question: Question, truth: Sequence[Row], answers: Sequence[Answer]) -> Verdict:
    verdict = Verdict(question.name)
    answered = {_key(question, answer): answer for answer in answers}
    verdict.expect(("rows",), "the number", len(truth), len(answers))
    for row in truth:
        key = _key(question, row)
        answer = answered.get(key)
        if answer is None:
            verdict.wrong.append(f"{'/'.join(key)}: there is no answer")
            continue
        elsewhere = row.get("reason") == "usage_elsewhere"  # nothing but the reason is known here
        for column in ("reason",) if elsewhere else question.exact:
            verdict.expect(key, column, row[column], answer[column])
        if question.name == "license_limits":
            _compare_date(verdict, key, row, answer)
    return verdict


def _compare_date(verdict: Verdict, key: Sequence[str], row: Row, answer: Answer) -> None:
    """Look whether the planted day lies in the interval of the projected one."""
    planted = row["reaches_on"]
    verdict.compared += 1
    if planted is None:
        if answer["projected_on"] is not None:
            verdict.wrong.append(f"{'/'.join(key)}: projected, and never reaches its limit")
        return
    earliest, latest = answer["projected_earliest"], answer["projected_latest"]
    inside = (
        earliest is not None
        and str(earliest) <= str(planted)
        and (latest is None or str(planted) <= str(latest))
    )
    if not inside:
        verdict.wrong.append(
            f"{'/'.join(key)}: reaches its limit on {planted}, "
            f"which is not from {earliest} to {latest}"
        )


def _key(question: Question, row: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(str(row[column]) for column in question.key)


def _plain(value: object) -> object:
    """Make numbers of every type comparable, and numbers written as text."""
    if isinstance(value, int | float | Decimal):
        return Decimal(str(value)).normalize()
    if isinstance(value, str):
        try:
            return Decimal(value).normalize()
        except ArithmeticError:
            return value
    return value
