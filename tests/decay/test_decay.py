"""Answers from sums equal those from detail, late rows of closed days add up, and books balance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from builders import Collector
from traffic import requests

from mainstem.backup import back_up, restore
from mainstem.books import keep_books, verify
from mainstem.config.platform import Platform, load_platform
from mainstem.decay import decay, plan_decay
from mainstem.errors import UsageError
from mainstem.load import Choice, load
from mainstem.model import build
from mainstem.store import Account
from mainstem.warehouse import open_warehouse, quoted

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
TODAY = NOW.date()
PLATFORM = """
environment: play
home: euc
regions:
  euc:
    residency: isolated
    store: "file:./stores/euc"
    decay: {detail_days: 4, hours_days: 30, presence_days: 30, presence_months: 3}
"""
GOES = {
    "int_product_events": 4,
    "fct_feature_usage_hourly": 30,
    "fct_resource_consumption_hourly": 30,
    "fct_feature_presence_daily": 30,
    "int_session_days": 30,
    "int_transformation_days": 30,
    "fct_sessions": 30,
    "fct_transformation_runs": 30,
    "mart_failures_before_limit": 30,
}
"""Models and views of which rows go, and after how many days."""
DAY_AT = {"mart_failures_before_limit": 7}
"""Which column is the row's day, where it is not the first."""


@dataclass(frozen=True)
class Place:
    """The traffic's store, and platforms that load it into warehouses of their own."""

    directory: Path
    euc: Collector

    def platform(self, name: str, warehouse: str) -> Platform:
        path = self.directory / f"{name}.yaml"
        path.write_text(f"{PLATFORM}warehouse: {warehouse}\npublished: ./published-{name}\n")
        return load_platform(path)

    def send(self, day: date, moments: int, seed: int) -> None:
        for signal, request in requests(day, moments, seed).items():
            self.euc.segment(signal, [request])


def make_place(directory: Path) -> Place:
    """Make a store with ten days of traffic, and some of more than two months ago."""
    account = Account.open("file:./stores/euc", directory)
    place = Place(directory, Collector(account, "euc", now=NOW - timedelta(hours=1)))
    for age in (70, 69, *range(10)):
        place.send(TODAY - timedelta(days=age), 12, age)
    return place


def send_late(place: Place, seed: int = 100) -> None:
    """Bring late rows of closed days, of an open one, and of a closed one that had none."""
    for number, age in enumerate((9, 9, 7, 2, 20)):
        place.send(TODAY - timedelta(days=age), 5, seed + number)


def answers(platform: Platform) -> dict[str, list[tuple[Any, ...]]]:
    """Give all rows of the models that are not too old to be kept."""
    with open_warehouse(platform, read_only=True) as warehouse:
        models = warehouse.query(
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE table_schema IN ('silver', 'gold') ORDER BY 1, 2"
        )
        found = {
            name: warehouse.query(f"SELECT * FROM {quoted(schema)}.{quoted(name)}")
            for schema, name in models
            if not name.startswith("stg_")
        }
    # Its rows tell which load brought them.
    found["int_product_events"] = [row[2:] for row in found["int_product_events"]]
    for name, days in GOES.items():
        kept = TODAY - timedelta(days=days)
        found[name] = [row for row in found[name] if row[DAY_AT.get(name, 0)] >= kept]
    return {name: sorted(map(plain, rows), key=repr) for name, rows in found.items()}


def assert_same(
    found: dict[str, list[tuple[Any, ...]]], expected: dict[str, list[tuple[Any, ...]]]
) -> None:
    """Compare model by model, row by row; a failure shows the rows that differ."""
    assert list(found) == list(expected)
    for name, rows in expected.items():
        missing = [row for row in rows if row not in found[name]]
        strange = [row for row in found[name] if row not in rows]
        assert not missing, f"{name}: {missing[:2]} is {strange[:2]}"
        assert len(found[name]) == len(rows), name


def plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Give decimals as text, as PostgreSQL's driver does, and doubles to nine digits."""
    return tuple(
        str(value)
        if isinstance(value, Decimal)
        else float(f"{value:.9g}")
        if isinstance(value, float)
        else value
        for value in row
    )


def of_detail(place: Place) -> dict[str, list[tuple[Any, ...]]]:
    """Load all of the store into a new warehouse, keep it, and give the answers."""
    name = f"detail-{place.euc.seq}"
    platform = place.platform(name, f"duckdb:./{name}.duckdb")
    load(platform)
    build(platform)
    return answers(platform)


def decay_all(platform: Platform) -> int:
    """Drop what is old enough, whatever its share; gives the rows that went."""
    return sum(decay(platform, plan_decay(platform, now=NOW), insist=True).values())


def assert_books_balance(platform: Platform) -> None:
    books = keep_books(platform)
    assert books.problems == []
    for line in books.totals:
        assert line.decayed > 0
        assert line.loaded == line.counts.stored
    assert verify(platform).findings == []


def test_sums_give_the_answers_of_detail_and_take_late_rows(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    platform = place.platform("sums", "duckdb:./sums.duckdb")
    load(platform)
    with pytest.raises(UsageError, match="nothing is built"):
        plan_decay(platform, now=NOW)
    build(platform)
    before = answers(platform)
    plan = plan_decay(platform, now=NOW)
    assert [stop for region in plan.regions for stop in region.stops]
    assert decay(platform, plan) == {}
    assert decay_all(platform) == plan.regions[0].rows
    assert answers(platform) == before
    assert_books_balance(platform)
    assert plan_decay(platform, now=NOW).regions[0].cuts == []

    send_late(place)
    load(platform)
    build(platform)
    assert_same(answers(platform), of_detail(place))

    # What was late has been added, so it may go too; and what is in sums cannot come again.
    assert decay_all(platform) > 0
    assert_books_balance(platform)
    again = load(platform, choice=Choice(replay=place.euc.now.date()))
    assert again.load_id is None or again.problems
    assert any("was not taken again" in problem for problem in again.problems)
    assert_books_balance(platform)
    with pytest.raises(UsageError, match=r"of euc before \S+ are closed"):
        build(platform, full_refresh=True)


@pytest.mark.all
@pytest.mark.parametrize("engine", ["duckdb", "postgresql"])
def test_late_rows_add_up_again_and_again(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    place = make_place(tmp_path)
    warehouse = "duckdb:./sums.duckdb"
    if engine == "postgresql":
        address = request.getfixturevalue("postgres")
        warehouse = f"{{address: '{address}', password: 'env:MAINSTEM_TEST_PASSWORD'}}"
    platform = place.platform("sums", warehouse)
    load(platform)
    build(platform)
    for seed in (100, 200):
        decay_all(platform)
        assert_books_balance(platform)
        send_late(place, seed)
        load(platform)
        build(platform)
    expected = of_detail(place)
    assert_same(answers(platform), expected)
    backups = Account.open("file:./backups", tmp_path)
    back_up(platform, backups)
    platform = place.platform("restored", "duckdb:./restored.duckdb")
    restore(platform, backups)
    build(platform)
    assert_same(answers(platform), expected)
    # All open days made anew, and closed ones left as they are: nothing is merged twice.
    build(platform, keep_closed=True)
    assert_same(answers(platform), expected)
    decay_all(platform)
    assert_books_balance(platform)
