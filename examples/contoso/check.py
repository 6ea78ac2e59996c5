"""Hold answers against the truth: exactly, by their intervals, or by what was found and missed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from examples.contoso.truth import Table

Rows = list[tuple[object, ...]]


@dataclass
class Verdict:
    """How one comparison went: what was compared, what is wrong, and the figure to show."""

    name: str
    compared: int = 0
    wrong: list[str] = field(default_factory=list)
    figure: str = ""
    good: bool = True
    """Whether it is what may be asked of such an answer."""


@dataclass(frozen=True)
class Exact:
    """Every row and value must be equal; the query names the truth's columns in their order."""

    name: str
    key: int
    """How many columns identify a row; they come first."""
    sql: str

    def compare(self, truth: Table, answers: Rows) -> Verdict:
        """Compare row by row."""
        verdict = Verdict(self.name)
        columns = [str(column) for column in truth["columns"]]
        expected = {_key(row[: self.key]): row for row in _rows(truth)}
        found = {_key(row[: self.key]): row for row in answers}
        for key, row in expected.items():
            verdict.compared += len(row) - self.key
            answer = found.get(key)
            if answer is None:
                verdict.wrong.append(f"{'/'.join(key)}: there is no answer")
                continue
            for place in range(self.key, len(row)):
                if plain(row[place]) != plain(answer[place]):
                    verdict.wrong.append(
                        f"{'/'.join(key)}: {columns[place]} is {answer[place]}, "
                        f"in truth {row[place]}"
                    )
        verdict.wrong += [
            f"{'/'.join(key)}: is answered, and not so in truth" for key in found.keys() - expected
        ]
        right = verdict.compared - len(verdict.wrong)
        verdict.figure = f"{right:,} of {verdict.compared:,} values as the truth says"
        verdict.good = not verdict.wrong and verdict.compared > 0
        return verdict


@dataclass(frozen=True)
class Intervals:
    """A day in truth must lie in the interval that was projected, as often as that promises.

    The query gives `key` columns, then earliest and latest; a latest of null is open. The truth has
    the day, or null for what must not be projected.
    """

    name: str
    key: int
    sql: str
    promised: float
    floor: float
    """The least share that a run may have: by chance fewer hold than promised."""

    def compare(self, truth: Table, answers: Rows) -> Verdict:
        """Count the intervals that hold their day."""
        verdict = Verdict(self.name)
        found = {_key(row[: self.key]): row[self.key :] for row in answers}
        held = projected = 0
        for row in _rows(truth):
            key, day = _key(row[: self.key]), row[self.key]
            earliest, latest = found.get(key, (None, None))
            verdict.compared += 1
            if day is None:
                if earliest is not None:
                    verdict.wrong.append(f"{'/'.join(key)}: projected, and never reaches its limit")
                continue
            projected += 1
            if earliest is not None and (
                str(earliest) <= str(day) and (latest is None or str(day) <= str(latest))
            ):
                held += 1
            else:
                verdict.wrong.append(
                    f"{'/'.join(key)}: comes on {day}, which is not from {earliest} to {latest}"
                )
        share = held / projected if projected else 1.0
        verdict.figure = (
            f"{held} of {projected} intervals hold the day in truth "
            f"({share:.0%}; {self.promised:.0%} promised)"
        )
        verdict.good = share >= self.floor
        return verdict


@dataclass(frozen=True)
class Detection:
    """What was planted must be found, near its day, and little else.

    Both sides have whom, the day, and what it was matched with.
    """

    name: str
    sql: str
    slack: int
    """Days between what was planted and what was found."""
    precision: float
    recall: float
    """The least that may be asked of it."""

    def compare(self, truth: Table, answers: Rows) -> Verdict:
        """Match each planted one with what was found."""
        verdict = Verdict(self.name)
        planted = _rows(truth)
        found = [(str(who), _day(day), str(after)) for who, day, after in answers]
        hits = matched = 0
        used: set[int] = set()
        for who, day, after in planted:
            verdict.compared += 1
            near = [
                place
                for place, (name, on, _) in enumerate(found)
                if name == who and abs((on - _day(day)).days) <= self.slack
            ]
            used.update(near)
            if not near:
                verdict.wrong.append(f"{who}: nothing found at {day}")
                continue
            hits += 1
            if str(after) in {found[place][2] for place in near}:
                matched += 1
            else:
                others = ", ".join(sorted({found[place][2] for place in near}))
                verdict.wrong.append(f"{who}: at {day} matched with {others}, in truth {after}")
        for place, (who, on, after) in enumerate(found):
            if place not in used:
                verdict.wrong.append(f"{who}: found at {on} ({after}), and nothing was planted")
        precision = len(used) / len(found) if found else 1.0
        recall = hits / len(planted) if planted else 1.0
        verdict.figure = (
            f"precision {precision:.2f}, recall {recall:.2f}: {hits} of {len(planted)} planted "
            f"found, {matched} with their cause"
        )
        verdict.good = precision >= self.precision and recall >= self.recall
        return verdict


Comparison = Exact | Intervals | Detection


def compare(
    comparisons: Sequence[Comparison],
    truth: Mapping[str, Table],
    ask: Callable[[str], Rows],
) -> list[Verdict]:
    """Compare every answer with its warehouse's truth; `ask` queries what that published."""
    return [
        comparison.compare(truth[comparison.name], ask(comparison.sql))
        for comparison in comparisons
        if comparison.name in truth
    ]


def plain(value: object) -> object:
    """Make values comparable: numbers by their value, days and numbers also where they are text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        try:
            return Decimal(value).normalize()
        except ArithmeticError:
            return value
    return Decimal(str(value)).normalize()


def _key(values: Sequence[object]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)


def _rows(table: Table) -> list[list[object]]:
    return table["rows"]  # type: ignore[return-value]


def _day(value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(str(value))
