"""Business files: taken whole when they changed, and refused whole when anything is wrong."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import duckdb
import pytest

from mainstem.config.platform import Platform, load_platform
from mainstem.load import load
from mainstem.warehouse import open_warehouse

if TYPE_CHECKING:
    from pathlib import Path

PLATFORM = """
environment: play
regions:
  euc: {store: "file:./stores/euc"}
central: {store: "file:./stores/central"}
sources:
  tenant_accounts: business/tenant_accounts.csv
  contract_lines: business/contract_lines.parquet
"""
TENANTS = "tenant_id,account_id,note\nacme,a-1,x\nglobex,a-2,\n"
CONTRACT = """
    SELECT 'c-1' AS contract_line_id, 'a-1' AS account_id, 'pro' AS plan,
        'master_records' AS metric, 1000 AS included_limit, 99.5 AS price_per_month,
        'EUR' AS currency, NULL AS overage_price, DATE '2026-01-01' AS valid_from,
        NULL AS valid_to
"""


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    (tmp_path / "mainstem.yaml").write_text(PLATFORM)
    business = tmp_path / "business"
    business.mkdir()
    (business / "tenant_accounts.csv").write_text(TENANTS)
    parquet(business / "contract_lines.parquet", CONTRACT)
    return load_platform(tmp_path / "mainstem.yaml")


def parquet(path: Path, sql: str) -> None:
    duckdb.sql(f"COPY ({sql}) TO '{path}' (FORMAT parquet)")


def rows(platform: Platform, table: str) -> list[tuple[object, ...]]:
    with open_warehouse(platform, read_only=True) as warehouse:
        return warehouse.query(f"FROM sources.{table} ORDER BY ALL")


def test_files_are_taken_whole_when_they_changed(platform: Platform, tmp_path: Path) -> None:
    result = load(platform)
    assert result.sources == {"tenant_accounts": 2, "contract_lines": 1}
    assert result.load_id == 1
    assert rows(platform, "tenant_accounts") == [("acme", "a-1"), ("globex", "a-2")]
    assert str(rows(platform, "contract_lines")[0][5]) == "99.500000"
    assert rows(platform, "accounts") == [], "not configured: there, and empty"
    path = tmp_path / "business" / "tenant_accounts.csv"
    os.utime(path, (0, 0))
    assert load(platform).nothing_new, "the same content"
    path.write_text("tenant_id,account_id\nacme,a-9\n")
    assert load(platform).sources == {"tenant_accounts": 1}
    assert rows(platform, "tenant_accounts") == [("acme", "a-9")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("tenant_id,note\nacme,x\n", "lacks the columns account_id; it has tenant_id, note"),
        ("tenant_id,account_id\nacme,a-1\nglobex,\n", "account_id is empty in 1 rows, first in"),
        ("tenant_id,account_id\nacme,a-1\nacme,a-2\n", "1 values of tenant_id stand in more"),
        ("", "lacks the columns|cannot be read"),
        (None, "there is no file"),
    ],
)
def test_a_wrong_file_changes_nothing(
    platform: Platform, tmp_path: Path, content: str | None, reason: str
) -> None:
    load(platform)
    path = tmp_path / "business" / "tenant_accounts.csv"
    if content is None:
        path.unlink()
    else:
        path.write_text(content)
    (problem,) = load(platform).problems
    assert any(part in problem for part in reason.split("|"))
    assert rows(platform, "tenant_accounts") == [("acme", "a-1"), ("globex", "a-2")]
    path.write_text(TENANTS)
    assert load(platform).nothing_new


def test_a_wrong_cell_is_told_by_its_place_and_not_quoted(
    platform: Platform, tmp_path: Path
) -> None:
    parquet(
        tmp_path / "business" / "contract_lines.parquet",
        CONTRACT.replace("DATE '2026-01-01'", "'SECRET'"),
    )
    (problem,) = load(platform).problems
    assert "valid_from is not of type date in 1 rows, first in row 1" in problem
    assert "SECRET" not in problem
