"""A week's cells against a plain reckoning, and the properties that a reader's secrets rest on."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem.aggregates.cells import KINDS, cells_query

if TYPE_CHECKING:
    from collections.abc import Iterator

MONDAY = date(2026, 11, 9)
FEATURES = KINDS[0]

# (feature, tenant, day of two weeks, uses): a day from 7 on is of the next week.
USES = st.lists(
    st.tuples(
        st.sampled_from(["map", "match", "export", "other"]),
        st.sampled_from([*(f"t-{number}" for number in range(9)), "(unknown)"]),
        st.integers(0, 13),
        st.integers(0, 200),
    ),
    max_size=60,
)

Uses = list[tuple[str, str, int, int]]
Cells = dict[str | None, int]


@pytest.fixture(scope="module")
def gold() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE SCHEMA gold; CREATE TABLE gold.fct_feature_usage_daily "
            "(region VARCHAR, event_date DATE, tenant_id VARCHAR, feature_name VARCHAR, "
            "uses BIGINT)"
        )
        yield connection


def cells_of(
    gold: duckdb.DuckDBPyConnection, uses: Uses, *, k: int, round_to: int, week: int = 0
) -> Cells:
    gold.execute("DELETE FROM gold.fct_feature_usage_daily")
    for feature, tenant, day, count in uses:
        gold.execute(
            "INSERT INTO gold.fct_feature_usage_daily VALUES ('aus', ?, ?, ?, ?)",
            [MONDAY + timedelta(days=day), tenant, feature, count],
        )
    monday = MONDAY + timedelta(days=7 * week)
    rows = gold.execute(cells_query(FEATURES, "aus", monday, k=k, round_to=round_to)).fetchall()
    assert len({cell for cell, _ in rows}) == len(rows)
    return dict(rows)


def by_tenant(uses: Uses, week: int) -> dict[str, dict[str, int]]:
    """Give what each tenant has in each feature; tenants that have nothing are left out."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for feature, tenant, day, count in uses:
        if tenant != "(unknown)" and count and day // 7 == week:
            found[feature][tenant] += count
    return found


def stands(amounts: list[int], k: int) -> bool:
    return len(amounts) >= k and 2 * max(amounts) <= sum(amounts)


def reckoned(uses: Uses, *, k: int, week: int = 0) -> tuple[dict[str, int], int | None]:
    """Give the exact cells, and all others if they stand together."""
    cells, others = {}, defaultdict(int)
    for feature, tenants in by_tenant(uses, week).items():
        if stands(list(tenants.values()), k):
            cells[feature] = sum(tenants.values())
        else:
            for tenant, amount in tenants.items():
                others[tenant] += amount
    return cells, sum(others.values()) if stands(list(others.values()), k) else None


@settings(deadline=None, max_examples=150)
@given(uses=USES, k=st.integers(3, 6), round_to=st.sampled_from([1, 5, 10]))
def test_cells_are_those_of_the_plain_reckoning(
    gold: duckdb.DuckDBPyConnection, uses: Uses, k: int, round_to: int
) -> None:
    cells, others = reckoned(uses, k=k)
    found = cells_of(gold, uses, k=k, round_to=round_to)
    exact: Cells = {**cells} if others is None else {**cells, None: others}
    assert found.keys() == exact.keys()
    for cell, amount in found.items():
        assert amount % round_to == 0
        assert abs(amount - exact[cell]) <= round_to / 2


@settings(deadline=None, max_examples=150)
@given(uses=USES, k=st.integers(3, 6))
def test_no_cell_shows_few_tenants_or_one_of_them(
    gold: duckdb.DuckDBPyConnection, uses: Uses, k: int
) -> None:
    tenants = by_tenant(uses, 0)
    found = cells_of(gold, uses, k=k, round_to=1)
    merged: dict[str, int] = defaultdict(int)
    for feature in tenants.keys() - found.keys():
        for tenant, amount in tenants[feature].items():
            merged[tenant] += amount
    for cell in found:
        amounts = list((merged if cell is None else tenants[cell]).values())
        assert len(amounts) >= k
        assert max(amounts) <= sum(amounts) / 2


@settings(deadline=None, max_examples=100)
@given(uses=USES, k=st.integers(3, 6))
def test_cells_do_not_overlap_so_that_none_is_the_difference_of_others(
    gold: duckdb.DuckDBPyConnection, uses: Uses, k: int
) -> None:
    """Every record changes one cell at most, and what is withheld changes none of this week."""
    found = cells_of(gold, uses, k=k, round_to=1)
    known = sum(
        sum(amounts.values())
        for feature, amounts in by_tenant(uses, 0).items()
        if None in found or feature in found
    )
    assert sum(found.values()) == known
    next_week = cells_of(gold, uses, k=k, round_to=1, week=1)
    alone = [use for use in uses if use[2] >= 7]
    assert next_week == cells_of(gold, alone, k=k, round_to=1, week=1), "weeks share no record"


def test_one_tenant_s_weight_merges_its_cell(gold: duckdb.DuckDBPyConnection) -> None:
    even = [("map", f"t-{number}", 0, 10) for number in range(5)]
    heavy = [("match", f"t-{number}", 0, 10) for number in range(4)] + [("match", "t-8", 0, 41)]
    few = [("export", f"t-{number}", 0, 20) for number in range(2)]
    assert cells_of(gold, even + heavy, k=5, round_to=1) == {"map": 50}, "withheld, alone"
    assert cells_of(gold, even + heavy + few, k=5, round_to=1) == {"map": 50, None: 121}
    assert cells_of(gold, even + heavy[:4] + [("match", "t-8", 0, 40)], k=5, round_to=1) == {
        "map": 50,
        "match": 80,
    }


def test_a_feature_that_is_called_other_is_not_all_others(
    gold: duckdb.DuckDBPyConnection,
) -> None:
    uses = [("other", f"t-{number}", 0, 10) for number in range(5)]
    assert cells_of(gold, uses, k=5, round_to=10) == {"other": 50}
