"""The questions, and the command that answers them from a published build."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import duckdb
import pytest
from typer.testing import CliRunner

import mainstem.cli.answers
from mainstem.cli.app import app
from mainstem.errors import UsageError
from mainstem.model import DATABASE, Build
from mainstem.model.published import partial_folder, publish_folder
from mainstem.present import answer, find_question, load_questions
from mainstem.present.questions import Question

if TYPE_CHECKING:
    from pathlib import Path

HEADROOM = """
    CREATE SCHEMA gold;
    CREATE TABLE gold.mart_license_headroom (customer_key VARCHAR, account_id VARCHAR,
        account_name VARCHAR, tenant_id VARCHAR, region VARCHAR, tenants BIGINT, industry VARCHAR,
        segment VARCHAR, plan VARCHAR, owner VARCHAR, license_metric VARCHAR,
        has_limit_mismatch BOOLEAN, error_7_days DOUBLE, held_7_days BOOLEAN,
        used DECIMAL(28,6), used_at TIMESTAMP, license_limit DECIMAL(28,6),
        headroom DECIMAL(28,6), used_share DOUBLE, growth_per_day DOUBLE, limit_status VARCHAR,
        projected_on DATE, projected_earliest DATE, projected_latest DATE);
    INSERT INTO gold.mart_license_headroom BY NAME
        SELECT 'a-1' AS customer_key, 'Alpha' AS account_name, 't-1' AS tenant_id, 'euc' AS region,
            'master_records' AS license_metric, 9000 AS used, 10000.5 AS license_limit,
            0.9 AS used_share, 'nearing' AS limit_status, DATE '2026-11-22' AS projected_on,
            DATE '2026-11-20' AS projected_earliest;
    INSERT INTO gold.mart_license_headroom BY NAME
        SELECT 'tenant:t-2' AS customer_key, 't-2' AS tenant_id, 'seats' AS license_metric,
            5 AS used, 5 AS license_limit, 1.0 AS used_share, 'reached' AS limit_status;
    INSERT INTO gold.mart_license_headroom BY NAME
        SELECT 'tenant:t-3' AS customer_key, 'clear' AS limit_status
"""


@pytest.fixture
def platform_file(tmp_path: Path) -> Path:
    path = tmp_path / "mainstem.yaml"
    path.write_text(
        "environment: play\n"
        "regions: {euc: {store: 'file:./stores/euc'}}\n"
        "central: {store: 'file:./stores/central'}\n"
    )
    return path


@pytest.fixture
def published(tmp_path: Path) -> Path:
    folder = tmp_path / "published"
    partial = partial_folder(folder, "b1")
    with duckdb.connect(str(partial / DATABASE)) as connection:
        connection.execute(HEADROOM)
    build = Build(
        "b1", "2026-11-13T00:00:00", "play", 1, None, "2026-11-12", "0" * 16, "1" * 16, False, {}
    )
    publish_folder(folder, build, partial)
    return folder


def ask(platform_file: Path, *arguments: str) -> str:
    assert mainstem.cli.answers.app is app
    result = CliRunner().invoke(
        app, ["answers", *arguments, "--platform", str(platform_file)], catch_exceptions=False
    )
    assert result.exit_code == 0
    return result.stdout


def test_the_questions_come_in_their_order() -> None:
    assert list(load_questions()) == [
        "license-limits",
        "feature-revenue",
        "billing",
        "regional-counts",
        "projection-quality",
        "license-utilization",
        "recurring-revenue",
        "invoice-postings",
        "feature-adoption",
        "usage-spikes",
        "regional-cost",
        "failures",
        "errors-by-release",
        "request-latency",
    ]


def test_every_question_shows_columns_that_it_has() -> None:
    for question in load_questions().values():
        for column in question.table:
            assert column in question.sql, (question.name, column)


@pytest.mark.parametrize("asked", ["billing", "Do usage and billing agree?", "BILLING"])
def test_a_question_is_found_by_name_or_by_its_words(asked: str) -> None:
    assert find_question(asked).name == "billing"


def test_an_unknown_question_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean license-limits") as caught:
        find_question("licence-limit")
    assert caught.value.hint == f"questions: {', '.join(load_questions())}"


def test_a_question_without_its_head_is_a_mistake() -> None:
    with pytest.raises(KeyError, match="about"):
        Question.parse("q", "-- order: 1\n-- question: What?\nselect 1")


def test_nothing_published_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="mainstem build"):
        answer(tmp_path / "published", list(load_questions().values()))


def test_rows_are_plain_values(published: Path) -> None:
    _, (limits,) = answer(published, [find_question("license-limits")])
    assert [row["tenant_id"] for row in limits.rows] == ["t-2", "t-1"]
    assert limits.rows[1]["license_limit"] == Decimal("10000.5")
    assert limits.rows[1]["projected_on"] == date(2026, 11, 22)
    assert limits.rows[1]["between"] == "2026-11-20 to open"
    assert limits.others == {"clear": 1, "nearing": 1, "reached": 1}


@pytest.mark.usefixtures("published")
def test_the_table_names_the_date_of_its_data(platform_file: Path) -> None:
    shown = ask(platform_file, "license-limits")
    assert "Who nears a license limit?" in shown
    for part in ("Alpha", "9,000", "10,000.5", "90.0%", "2026-11-22", "t-2", "reached"):
        assert part in shown
    assert "t-3" not in shown
    assert "2026-11-12" in shown
    assert "1 clear" in " ".join(shown.split())


@pytest.mark.usefixtures("published")
def test_json_is_one_document_with_every_column(platform_file: Path) -> None:
    document = json.loads(ask(platform_file, "license-limits", "--json"))
    assert (document["build_id"], document["data_date"]) == ("b1", "2026-11-12")
    (limits,) = document["answers"]
    assert limits["name"] == "license-limits"
    assert limits["rows"][1]["used"] == 9000
    assert limits["rows"][1]["license_limit"] == 10000.5
    assert limits["rows"][1]["projected_on"] == "2026-11-22"
