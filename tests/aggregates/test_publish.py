"""Weeks are published once at home, and read at the centre, which asks for nothing else."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import duckdb
import pytest

from mainstem.aggregates import Cell, Publication, Week, publish_weeks
from mainstem.books import keep_books
from mainstem.config.platform import Platform, load_platform
from mainstem.load import load
from mainstem.store import Account
from mainstem.warehouse import open_warehouse

if TYPE_CHECKING:
    from pathlib import Path

MONDAY = date(2026, 11, 9)
DUE = datetime(2026, 11, 23, tzinfo=UTC)
"""Seven days behind the end of the week of that Monday."""

HOME = """
environment: play
home: aus
regions:
  aus:
    residency: aggregates
    store: file:./stores/aus
    aggregates: {store: "file:./stores/shared", k: 3, round_to: 5}
"""
CENTRE = """
environment: play
regions:
  euc: {store: "file:./stores/euc"}
  aus: {residency: aggregates, aggregates: {store: "file:./stores/shared"}}
central: {store: "file:./stores/central"}
"""
FACTS = {
    "fct_feature_usage_daily": "feature_name VARCHAR, uses BIGINT",
    "fct_license_usage_daily": (
        "license_metric VARCHAR, used_max DECIMAL(28, 6), usage_kind VARCHAR"
    ),
    "fct_resource_consumption_daily": "resource_metric VARCHAR, quantity DECIMAL(28, 6)",
    "fct_errors_daily": "error_source VARCHAR, error_type VARCHAR, errors BIGINT",
}


def platform_of(folder: Path, text: str) -> Platform:
    (folder / "mainstem.yaml").write_text(text)
    return load_platform(folder / "mainstem.yaml")


@pytest.fixture
def build_file(tmp_path: Path) -> Path:
    """Give what a build publishes: facts of the week, of five tenants."""
    path = tmp_path / "build.duckdb"
    with duckdb.connect(str(path)) as build:
        build.execute("CREATE SCHEMA gold")
        for name, columns in FACTS.items():
            build.execute(
                f"CREATE TABLE gold.{name} "
                f"(region VARCHAR, event_date DATE, tenant_id VARCHAR, {columns})"
            )
        build.execute("ALTER TABLE gold.fct_license_usage_daily RENAME event_date TO billing_date")
        tenants = "FROM (SELECT unnest(range(5)) AS n)"
        day = f"'aus', DATE '{MONDAY}' + n::INTEGER, 't-' || n"
        build.execute(
            f"INSERT INTO gold.fct_feature_usage_daily SELECT {day}, 'map', 11 {tenants};"
            f"INSERT INTO gold.fct_license_usage_daily "
            f"SELECT {day}, 'seats', 20, 'level' {tenants};"
            f"INSERT INTO gold.fct_license_usage_daily "
            f"SELECT {day}, 'seats', 99, 'delta' {tenants};"
            # The days of a tenant are one level, not a sum.
            f"INSERT INTO gold.fct_license_usage_daily "
            f"SELECT 'aus', DATE '{MONDAY}' + 6, 't-' || n, 'seats', 18, 'level' {tenants};"
            f"INSERT INTO gold.fct_resource_consumption_daily "
            f"SELECT {day}, 'rows', 100.5 {tenants};"
            f"INSERT INTO gold.fct_errors_daily SELECT {day}, 'span', 'timeout', 2 {tenants};"
            f"INSERT INTO gold.fct_errors_daily SELECT {day}, 'log', 'rare', 1 {tenants} LIMIT 2"
        )
    return path


CELLS = (
    Cell("feature_use", "map", 55),
    Cell("license_use", "seats", 100),
    Cell("resource_use", "rows", 505),
    Cell("errors", "span: timeout", 10),
)


def published(publication: Publication | None) -> list[str]:
    assert publication is not None
    assert publication.problems == []
    return [week.name for week in publication.published]


def test_a_week_is_published_seven_days_behind_its_end_and_once(
    tmp_path: Path, build_file: Path
) -> None:
    home = platform_of(tmp_path, HOME)
    early = DUE - timedelta(seconds=1)
    assert published(publish_weeks(home, build_file, now=early)) == []
    assert published(publish_weeks(home, build_file, now=DUE)) == ["aus/2026-W46.json"]
    data = Account.open("file:./stores/shared", tmp_path).container("aggregates")
    first = data.read("aus/2026-W46.json")
    week = Week.parse(first)
    assert (week.region, week.monday, week.k, week.round_to) == ("aus", MONDAY, 3, 5)
    assert week.cells == CELLS, "the rare error stands in no cell"
    with duckdb.connect(str(build_file)) as build:
        for kind, query in week.queries.items():
            rows = build.execute(query).fetchall()
            assert [Cell(kind, *row) for row in rows] == [c for c in CELLS if c.kind == kind]
        build.execute("UPDATE gold.fct_feature_usage_daily SET uses = 1000")
    assert published(publish_weeks(home, build_file, now=DUE)) == []
    assert data.read("aus/2026-W46.json") == first
    later = published(publish_weeks(home, build_file, now=DUE + timedelta(days=7)))
    assert later == ["aus/2026-W47.json"]
    assert Week.parse(data.read(later[0])).cells == ()


def test_a_week_that_was_removed_comes_back_as_it_was(tmp_path: Path, build_file: Path) -> None:
    """Neither a lost object, nor other rules, nor late records make other counts of a week."""
    home = platform_of(tmp_path, HOME)
    publish_weeks(home, build_file, now=DUE)
    shared = Account.open("file:./stores/shared", tmp_path).container("aggregates")
    first = shared.read("aus/2026-W46.json")
    shared.remove("aus/2026-W46.json")
    with duckdb.connect(str(build_file)) as build:
        build.execute("UPDATE gold.fct_feature_usage_daily SET uses = 1000")
    other_rules = platform_of(tmp_path, HOME.replace("k: 3", "k: 4"))
    assert published(publish_weeks(other_rules, build_file, now=DUE)) == ["aus/2026-W46.json"]
    assert shared.read("aus/2026-W46.json") == first


def test_only_a_region_of_that_residency_publishes(tmp_path: Path, build_file: Path) -> None:
    assert publish_weeks(platform_of(tmp_path, CENTRE), build_file, now=DUE) is None
    isolated = HOME.replace("residency: aggregates", "residency: isolated")
    text = "\n".join(line for line in isolated.splitlines() if "aggregates:" not in line)
    assert publish_weeks(platform_of(tmp_path, text), build_file, now=DUE) is None


def test_the_centre_loads_each_week_once_and_takes_no_revision(
    tmp_path: Path, build_file: Path
) -> None:
    publish_weeks(platform_of(tmp_path, HOME), build_file, now=DUE)
    centre = platform_of(tmp_path, CENTRE)
    done = load(centre)
    assert (done.weeks, done.problems, done.failed) == ({"aus": 1}, [], {})
    with open_warehouse(centre, read_only=True) as warehouse:
        rows = warehouse.query(
            "SELECT kind, cell, amount FROM bronze.region_aggregates "
            "WHERE region = 'aus' AND NOT is_other ORDER BY kind"
        )
        assert rows == sorted((c.kind, c.cell, c.amount) for c in CELLS)
        (week,) = warehouse.query(
            "SELECT week_start, least_tenants, round_to, cells FROM bronze.region_weeks"
        )
        assert week == (MONDAY, 3, 5, 4)
    assert load(centre).nothing_new
    (note,) = [note for note in keep_books(centre).notes if note.startswith("aus")]
    assert note == (
        "aus: 1 weeks of rounded counts are loaded, up to the week from 2026-11-09: 4 cells of 3 "
        "tenants at least, no records"
    )
    assert keep_books(centre).isolated == ["aus"]
    shared = Account.open("file:./stores/shared", tmp_path).container("aggregates")
    revised = json.loads(shared.read("aus/2026-W46.json"))
    revised["cells"][0]["amount"] = 60
    shared.replace("aus/2026-W46.json", json.dumps(revised).encode())
    shared.create("aus/2026-W45.json", b"{}")
    again = load(centre)
    assert again.problems == [
        "aus: aggregates/aus/2026-W45.json is not a week of its counts",
        (
            "aus: aggregates/aus/2026-W46.json was changed after it was loaded: what was loaded "
            "stays"
        ),
    ]
    with open_warehouse(centre, read_only=True) as warehouse:
        kept = warehouse.value("SELECT amount FROM bronze.region_aggregates WHERE cell = 'map'")
    assert kept == 55
