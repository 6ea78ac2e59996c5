"""A team's own project adds a fact and a mart to mainstem's models, and edits none of them."""

from __future__ import annotations

import os
import subprocess
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest
from bronze import Event, at, load_events, make_platform, make_warehouse

from mainstem.model import build, days_would_differ
from mainstem.model.dbt import dbt_command, dbt_environment
from mainstem.model.packages import profiles_of, with_packages
from mainstem.model.target import dbt_target

if TYPE_CHECKING:
    from mainstem.config.platform import Platform
    from mainstem.model import BuildOutcome

TEAM = Path(__file__).with_name("team")
DAY = date(2026, 11, 10)


def maps(day: date, uses: int) -> list[Event]:
    return [
        Event(at(day, 9, place), "feature.used", "t-1", {"feature.name": "map"})
        for place in range(uses)
    ]


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    made = make_platform(tmp_path_factory.mktemp("team"))
    make_warehouse(made.warehouse_path)
    load_events(made.warehouse_path, 1, [*maps(DAY, 2), *maps(date(2026, 11, 1), 3)])
    return made


@pytest.fixture(scope="module")
def outcome(platform: Platform) -> BuildOutcome:
    return build(platform, project=TEAM)


def test_both_projects_are_built_and_published(platform: Platform, outcome: BuildOutcome) -> None:
    published = {table.name for table in outcome.build.tables if table.kind == "gold"}
    assert {"mart_maps", "fct_maps_daily", "mart_feature_adoption"} <= published
    with duckdb.connect(str(platform.warehouse_path), read_only=True) as warehouse:
        assert warehouse.execute("FROM gold.mart_maps").fetchall() == [
            ("euc", date(2026, 11, 1), 5)
        ]


def test_a_build_is_compared_with_the_project_that_the_platform_file_names(
    platform: Platform, outcome: BuildOutcome
) -> None:
    assert days_would_differ(platform, outcome.build)
    own = platform.model_copy(update={"models": TEAM})
    assert not days_would_differ(own, outcome.build)


def test_the_docs_of_both_build_without_a_warning(platform: Platform, tmp_path: Path) -> None:
    """Exposures and the semantic layer among them: parsing checks both."""
    target = dbt_target(platform)
    project = with_packages(TEAM, target, tmp_path)
    command = [str(dbt_command()), "--warn-error", "--no-use-colors", "docs", "generate"]
    command += ["--project-dir", str(project), "--profiles-dir", str(profiles_of(project))]
    command += ["--target-path", str(tmp_path / "docs"), "--log-path", str(tmp_path)]
    run = subprocess.run(
        command,
        env=os.environ | dbt_environment(target),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert (tmp_path / "docs" / "catalog.json").exists()
