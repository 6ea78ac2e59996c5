from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from examples.contoso.check import Detection, Exact, Intervals, compare

if TYPE_CHECKING:
    from examples.contoso.truth import Table

DAY = date(2026, 12, 3)


def table(*rows: list[object]) -> Table:
    return {"columns": ["who", "day", "value"], "rows": list(rows)}


EXACT = Exact("uses", 2, "")


def test_numbers_and_days_of_every_type_compare_by_value() -> None:
    truth = table(["t1", "2026-12-03", 900])

    assert EXACT.compare(truth, [("t1", DAY, Decimal("900.000000"))]).good


@pytest.mark.parametrize(
    "answers",
    [
        [("t1", DAY, 901)],
        [("t1", DAY, None)],
        [("t2", DAY, 900)],
        [("t1", DAY, 900), ("t2", DAY, 900)],
        [],
    ],
)
def test_each_difference_is_told(answers: list[tuple[object, ...]]) -> None:
    verdict = EXACT.compare(table(["t1", "2026-12-03", 900]), answers)

    assert not verdict.good
    assert verdict.wrong


def test_a_comparison_of_nothing_is_not_good() -> None:
    assert not EXACT.compare(table(), []).good


INTERVALS = Intervals("projections", 1, "", promised=0.95, floor=0.5)


@pytest.mark.parametrize(
    ("earliest", "latest", "held"),
    [
        (date(2026, 12, 2), date(2026, 12, 6), 1),
        (DAY, DAY, 1),
        (DAY, None, 1),
        (date(2026, 12, 4), None, 0),
        (date(2026, 12, 1), date(2026, 12, 2), 0),
        (None, None, 0),
    ],
)
def test_an_interval_holds_its_day(earliest: date | None, latest: date | None, held: int) -> None:
    verdict = INTERVALS.compare(table(["a", "2026-12-03"]), [("a", earliest, latest)])

    assert verdict.figure.startswith(f"{held} of 1")
    assert verdict.good == bool(held)


SPIKES = Detection("spikes", "", slack=3, precision=1.0, recall=1.0)


@pytest.mark.parametrize(
    ("found", "good"),
    [
        ([("t1", datetime(2026, 12, 5), "contract")], True),
        ([("t1", date(2026, 12, 7), "contract")], False),
        ([("t2", DAY, "contract")], False),
        ([("t1", DAY, "contract"), ("t2", DAY, "none")], False),
        ([], False),
    ],
)
def test_what_was_planted_is_found_near_its_day_and_nothing_else(
    found: list[tuple[object, ...]], *, good: bool
) -> None:
    assert SPIKES.compare(table(["t1", "2026-12-03", "contract"]), found).good == good


def test_a_find_with_another_cause_is_told() -> None:
    verdict = SPIKES.compare(table(["t1", "2026-12-03", "contract"]), [("t1", DAY, "release")])

    assert "matched with release" in verdict.wrong[0]
    assert "0 with their cause" in verdict.figure


def test_each_comparison_is_asked_its_own_question() -> None:
    asked = [Exact("uses", 1, "first"), Exact("runs", 1, "second")]
    truth = {"uses": table(["t1", 1, 2]), "runs": table(["t1", 1, 3])}
    answers: dict[str, list[tuple[object, ...]]] = {
        "first": [("t1", 1, 2)],
        "second": [("t1", 1, 4)],
    }

    verdicts = compare(asked, truth, lambda sql: answers[sql])

    assert [verdict.good for verdict in verdicts] == [True, False]
