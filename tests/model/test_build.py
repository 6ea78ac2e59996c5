"""`build`: what is rebuilt, what is published and when, and what a failure says."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from bronze import (
    Event,
    at,
    load_business,
    load_events,
    load_spans,
    make_platform,
    make_warehouse,
    touch,
)

from mainstem.errors import Transient, UsageError
from mainstem.model import BuildError, BuildOutcome, build, current_build
from mainstem.model.build import STATE, plan_build
from mainstem.model.dbt import dbt_command
from mainstem.model.project import fingerprint, packaged_project
from mainstem.model.publish import copy_tables
from mainstem.warehouse import open_warehouse

if TYPE_CHECKING:
    from pathlib import Path

    from mainstem.config.platform import Platform

MODELS = (
    "silver.int_product_events",
    "gold.fct_feature_usage_daily",
    "gold.fct_license_usage_daily",
    "gold.fct_resource_consumption_daily",
    "gold.fct_errors_daily",
    "gold.fct_feature_presence_daily",
    "gold.fct_request_latency_daily",
    "gold.fct_sessions",
    "gold.fct_transformation_runs",
    "gold.dim_feature",
    "gold.dim_release",
    "gold.dim_tenant",
    "silver.int_metered_parts",
    "gold.dim_account",
    "gold.dim_contract",
    "gold.fct_mrr_monthly",
    "gold.mart_cost_allocation",
    "gold.mart_invoice_postings",
    "gold.mart_license_headroom",
    "gold.mart_license_projection_quality",
    "gold.mart_license_utilization_by_industry",
    "gold.mart_tenant_classes",
    "silver.int_limit_days",
    "gold.mart_feature_adoption",
    "gold.mart_feature_cohorts",
    "gold.mart_failures_before_limit",
    "gold.mart_usage_spikes",
    "gold.mart_errors_by_release",
    "gold.mart_request_latency",
    "gold.mart_feature_revenue",
    "gold.mart_usage_vs_billing",
    "gold.mart_regional_counts",
)

DAY = date(2026, 11, 10)


def events(day: date, tenant: str, uses: int, region: str = "euc") -> list[Event]:
    """A day of one tenant: uses of a feature, a license and a resource."""
    return [
        *(
            Event(at(day, 9, place), "feature.used", tenant, {"feature.name": "map"}, region)
            for place in range(uses)
        ),
        Event(
            at(day, 23, 59, 59),
            "license.usage",
            tenant,
            {"license.metric": "master_records", "license.used": uses, "license.limit": 10},
            region,
        ),
        Event(
            at(day, 0),
            "resource.consumed",
            tenant,
            {"resource.metric": "transformations", "resource.quantity": uses + 0.5},
            region,
        ),
    ]


def content(warehouse: Path) -> dict[str, list[tuple[Any, ...]]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return {
            model: connection.execute(f"FROM {model} ORDER BY ALL").fetchall() for model in MODELS
        }


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    made = make_platform(tmp_path_factory.mktemp("build"))
    make_warehouse(made.warehouse_path)
    load_events(
        made.warehouse_path,
        1,
        [
            *events(date(2026, 11, 1), "t-1", 3),
            *events(date(2026, 11, 1), "t-2", 2, "use"),
            *events(date(2026, 11, 2), "t-1", 4),
            *events(DAY, "t-1", 5),
        ],
    )
    load_business(
        made.warehouse_path,
        "map_tenant_account",
        [
            {
                "tenant_id": "t-1",
                "account_id": "a-1",
                "environment": "production",
                "valid_from": date(2026, 1, 1),
            }
        ],
    )
    return made


@pytest.fixture(scope="module")
def first(platform: Platform) -> BuildOutcome:
    return build(platform)


@pytest.fixture(scope="module")
def second(platform: Platform, first: BuildOutcome) -> tuple[BuildOutcome, dict[str, Any]]:
    """Build after three more loads: late rows, a new day, and a day that lost its only rows."""
    warehouse = platform.warehouse_path
    load_events(warehouse, 2, events(date(2026, 11, 1), "t-1", 7)[:2])
    load_spans(warehouse, 3, [(at(DAY), "t-1", 2)])
    load_events(
        warehouse,
        4,
        [
            Event(at(date(2026, 11, 2), 23, 59, 59), "feature.used", "t-1", {"feature.name": "x"}),
            Event(at(date(2026, 11, 3)), "feature.used", "t-1", {"feature.name": "x"}),
        ],
    )
    with duckdb.connect(str(warehouse)) as connection:
        # A foreign blob that changed takes its rows with it: here, all that `use` had that day.
        connection.execute("DELETE FROM bronze.otel_logs WHERE region = 'use'")
    touch(warehouse, 5, "logs", date(2026, 11, 1), "use")
    # A contract that comes late moves all days of its tenant into its zone, touched or not.
    load_business(
        warehouse,
        "contract_lines",
        [
            {
                "contract_line_id": "c-1",
                "contract_id": "c",
                "account_id": "a-1",
                "plan": "pro",
                "metric": "transformations",
                "charge": "usage",
                "amount": 0,
                "currency": "EUR",
                "billing_period": "month",
                "billing_timezone": "Australia/Adelaide",
                "valid_from": date(2026, 11, 1),
            }
        ],
    )
    # Nothing touched this row's day since the first build: an incremental build must leave it be.
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "UPDATE gold.fct_feature_usage_daily SET first_used_at = "
            "TIMESTAMP '2026-11-10 10:00:00' WHERE uses = 5"
        )
    outcome = build(platform)
    return outcome, content(warehouse)


def test_a_first_build_publishes(platform: Platform, first: BuildOutcome) -> None:
    assert first.why == "nothing is published yet"
    assert current_build(platform.published) == (first.build, first.folder)
    assert first.build.newest_load == 1
    assert {table.kind for table in first.build.tables} == {"gold", "evidence", "status"}


def test_with_nothing_new_nothing_happens(platform: Platform, first: BuildOutcome) -> None:
    again = build(platform)
    assert again.nothing_new
    assert again.results == []


def test_only_touched_days_are_rebuilt(second: tuple[BuildOutcome, dict[str, Any]]) -> None:
    outcome, tables = second
    assert outcome.why == "loads up to 5 are new"
    assert not outcome.build.full_refresh
    usage = tables["gold.fct_feature_usage_daily"]
    assert {row[0] for row in usage if row[7] == at(DAY, 10)} == {DAY}


def test_days_of_another_zone_are_rebuilt_though_no_load_touched_them(
    second: tuple[BuildOutcome, dict[str, Any]],
) -> None:
    _, tables = second
    zones = {row[:7] for row in tables["silver.int_metered_parts"] if row[0] == DAY}
    zone = "Australia/Adelaide"
    assert zones == {
        (DAY, "euc", "t-1", "master_records", "level", date(2026, 11, 11), zone),
        (DAY, "euc", "t-1", "transformations", "delta", DAY, zone),
    }


def test_a_day_that_lost_its_rows_is_emptied(second: tuple[BuildOutcome, dict[str, Any]]) -> None:
    _, tables = second
    assert not [row for row in tables["silver.int_product_events"] if row[3] == "use"]
    assert not [row for row in tables["gold.fct_feature_usage_daily"] if row[1] == "use"]


def test_late_rows_and_midnight_land_on_their_own_day(
    second: tuple[BuildOutcome, dict[str, Any]],
) -> None:
    _, tables = second
    uses = {(row[0].day, row[3]): row[6] for row in tables["gold.fct_feature_usage_daily"]}
    assert uses == {(1, "map"): 5, (2, "map"): 4, (2, "x"): 1, (3, "x"): 1, (10, "map"): 5}


def test_incremental_equals_full_refresh_and_unit_tests_pass(
    platform: Platform, second: tuple[BuildOutcome, dict[str, Any]], tmp_path: Path
) -> None:
    """The whole project by dbt's own command, unit tests included, as a person would run it."""
    copied = tmp_path / "warehouse.duckdb"
    shutil.copy(platform.warehouse_path, copied)
    project = packaged_project()
    command = [str(dbt_command()), "build", "--full-refresh", "--no-use-colors"]
    command += ["--project-dir", str(project), "--profiles-dir", str(project)]
    command += ["--target-path", str(tmp_path / "target"), "--log-path", str(tmp_path)]
    run = subprocess.run(
        command,
        env=os.environ | {"MAINSTEM_WAREHOUSE": str(copied), "DO_NOT_TRACK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert "unit test" in run.stdout
    incremental = second[1]
    full = content(copied)
    # The one value that was tampered with is mended by a full refresh, and by nothing else.
    assert full.pop("gold.fct_feature_usage_daily") == [
        (*row[:7], at(DAY, 9) if row[7] == at(DAY, 10) else row[7], *row[8:])
        for row in incremental["gold.fct_feature_usage_daily"]
    ]
    for model, rows in full.items():
        assert rows == incremental[model], model


def test_failures_name_model_and_file_and_leave_the_pointer(
    platform: Platform, second: tuple[BuildOutcome, dict[str, Any]], tmp_path: Path
) -> None:
    before = current_build(platform.published)
    project = tmp_path / "dbt"
    shutil.copytree(packaged_project(), project)
    model = project / "models" / "marts" / "dim_tenant.sql"
    # `t-1` would get two rows: its test finds that.
    model.write_text(
        model.read_text().replace(
            "select * from final", "select * from final\nunion all\nfrom final"
        )
    )
    broken = project / "models" / "marts" / "fct_errors_daily.sql"
    broken.write_text(
        broken.read_text().replace("count(*) as errors", "cast('4 1' as int) as errors")
    )
    with pytest.raises(BuildError) as caught:
        build(platform, project=project)
    message = str(caught.value)
    assert "models/marts/fct_errors_daily.sql: model fct_errors_daily" in message
    assert "models/marts/dim_tenant.yml: test one_row_per_dim_tenant" in message
    assert "4 1" not in message
    assert "Nothing was published" in message
    assert current_build(platform.published) == before


def test_a_project_that_cannot_be_read_says_so(platform: Platform, tmp_path: Path) -> None:
    project = tmp_path / "dbt"
    shutil.copytree(packaged_project(), project)
    (project / "models" / "marts" / "mine.sql").write_text("select * from {{ ref('not_there') }}")
    with pytest.raises(BuildError, match="not_there"):
        build(platform, project=project, full_refresh=True)


def test_a_held_warehouse_is_a_matter_of_waiting(platform: Platform, tmp_path: Path) -> None:
    program = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True);"
        "sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(platform.warehouse_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Transient):
            build(platform)
        holder.communicate("")


def test_no_warehouse_and_no_project_are_said_plainly(tmp_path: Path) -> None:
    platform = make_platform(tmp_path)
    with pytest.raises(UsageError, match="no warehouse"):
        build(platform)
    with pytest.raises(UsageError, match="no dbt project"):
        build(platform, project=tmp_path)


def test_two_builds_do_not_run_at_once(platform: Platform) -> None:
    lock = platform.published / STATE / "lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(Transient, match="another build"):
            build(platform)


def test_changed_models_rebuild_all_days_and_changed_tests_only_test(
    platform: Platform, first: BuildOutcome, tmp_path: Path
) -> None:
    project = tmp_path / "dbt"
    shutil.copytree(packaged_project(), project)
    before = replace(
        first.build,
        project=fingerprint(project).days,
        checks=fingerprint(project).checks,
        newest_load=plan_build(platform, project, None, force=False).newest_load,
        newest_load_at=plan_build(platform, project, None, force=False).newest_load_at,
    )
    assert plan_build(platform, project, before, force=False).why is None
    for changed, content in (("dim_tenant.yml", "version: 2\n"), ("mart_mine.sql", "select 1\n")):
        (project / "models" / "marts" / changed).write_text(content)
        plan = plan_build(platform, project, before, force=False)
        assert (plan.why, plan.full_refresh) == ("marts, tests or descriptions changed", False)
    (project / "models" / "marts" / "dim_tenant.sql").write_text("select 1\n")
    plan = plan_build(platform, project, before, force=False)
    assert (plan.why, plan.full_refresh) == ("the models changed: all days are built anew", True)


def test_evidence_is_limited_to_its_days(
    platform: Platform, first: BuildOutcome, tmp_path: Path
) -> None:
    results = [
        replace(result, evidence_days=1)
        for result in first.results
        if result.name == "int_product_events"
    ]
    with open_warehouse(platform, read_only=True) as warehouse:
        tables = {table.name: table for table in copy_tables(warehouse, tmp_path, results)}
    assert tables["int_product_events"].rows == 7
