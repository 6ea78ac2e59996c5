from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from examples.contoso.check import compare

if TYPE_CHECKING:
    from examples.contoso.check import Answer
    from examples.contoso.truth import Row

LIMIT: Row = {
    "region": "euc",
    "tenant_id": "t1",
    "license_metric": "master_records",
    "used": 900,
    "license_limit": 1000,
    "limit_status": "nearing",
    "reaches_on": "2026-12-03",
}
ANSWER: Answer = {
    **{key: value for key, value in LIMIT.items() if key != "reaches_on"},
    "used": Decimal("900.000000"),
    "projected_on": date(2026, 12, 4),
    "projected_earliest": date(2026, 12, 2),
    "projected_latest": date(2026, 12, 6),
}


def wrong(answer: Answer, truth: Row = LIMIT) -> list[str]:
    truths: dict[str, list[Row]] = {
        "license_limits": [truth],
        "feature_revenue": [],
        "billing": [],
    }
    verdicts = compare(truths, lambda mart: [answer] if mart == "mart_license_headroom" else [])
    return [line for verdict in verdicts for line in verdict.wrong]


def test_numbers_of_every_type_compare_by_value() -> None:
    assert wrong(ANSWER) == []


@pytest.mark.parametrize(
    "change",
    [
        {"used": 901},
        {"limit_status": "clear"},
        {"projected_latest": date(2026, 12, 2)},
        {"projected_earliest": date(2026, 12, 4)},
        {"projected_earliest": None, "projected_on": None},
        {"tenant_id": "t2"},
    ],
)
def test_each_difference_is_told(change: Answer) -> None:
    assert len(wrong({**ANSWER, **change})) == 1


def test_an_open_end_holds_every_later_day() -> None:
    assert wrong({**ANSWER, "projected_latest": None}) == []


def test_a_projection_for_a_tenant_that_does_not_grow_is_wrong() -> None:
    assert wrong(ANSWER, {**LIMIT, "reaches_on": None})
