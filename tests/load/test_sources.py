"""Business extracts: taken when they changed, with what they end; refused whole where wrong."""

from __future__ import annotations

import os
from datetime import UTC, datetime
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
  map_tenant_account: business/map_tenant_account.csv
  accounts: business/accounts.csv
  contract_lines: business/contract_lines.parquet
"""
TENANTS = """\
tenant_id,account_id,environment,valid_from,note
acme,a-1,production,2026-01-01,x
globex,a-2,test,2026-01-01,
"""
ACCOUNTS = "account_id,account_name,industry,segment,region\n"
CONTRACT = """
    SELECT 'l-1' AS contract_line_id, 'c-1' AS contract_id, 'a-1' AS account_id, 'pro' AS plan,
        'master_records' AS metric, 'recurring' AS charge, 99.5 AS amount, 1000 AS included,
        'EUR' AS currency, 'month' AS billing_period, 'Australia/Adelaide' AS billing_timezone,
        DATE '2026-01-01' AS valid_from, NULL AS valid_to
"""
MONDAY, TUESDAY, WEDNESDAY = (datetime(2026, 11, day, 5) for day in (23, 24, 25))


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    (tmp_path / "mainstem.yaml").write_text(PLATFORM)
    (tmp_path / "business").mkdir()
    export(tmp_path, "map_tenant_account", TENANTS, MONDAY)
    export(tmp_path, "accounts", ACCOUNTS + "a-1,Acme,steel,large,euc\n", MONDAY)
    parquet(tmp_path / "business" / "contract_lines.parquet", CONTRACT)
    return load_platform(tmp_path / "mainstem.yaml")


def export(directory: Path, name: str, text: str, at: datetime) -> None:
    path = directory / "business" / f"{name}.csv"
    path.write_text(text)
    os.utime(path, (at.replace(tzinfo=UTC).timestamp(),) * 2)


def parquet(path: Path, sql: str) -> None:
    duckdb.sql(f"COPY ({sql}) TO '{path}' (FORMAT parquet)")


def rows(platform: Platform, table: str, columns: str) -> list[tuple[object, ...]]:
    columns += ", first_as_of, closed_as_of"
    with open_warehouse(platform, read_only=True) as warehouse:
        return warehouse.query(f"SELECT {columns} FROM sources.{table} ORDER BY ALL")


def tenants(platform: Platform) -> list[tuple[object, ...]]:
    return rows(platform, "map_tenant_account", "tenant_id, account_id")


LOADED = [("acme", "a-1", MONDAY, None), ("globex", "a-2", MONDAY, None)]


def test_files_are_taken_when_they_changed(platform: Platform, tmp_path: Path) -> None:
    result = load(platform)
    assert result.sources == {"map_tenant_account": 2, "accounts": 1, "contract_lines": 1}
    assert result.load_id == 1
    assert tenants(platform) == LOADED
    assert str(rows(platform, "contract_lines", "amount")[0][0]) == "99.500000"
    assert rows(platform, "invoice_lines", "net") == [], "not configured: there, and empty"
    export(tmp_path, "map_tenant_account", TENANTS, TUESDAY)
    assert load(platform).nothing_new, "the same content"
    export(tmp_path, "map_tenant_account", TENANTS.replace("a-1", "a-9"), TUESDAY)
    assert load(platform).sources == {"map_tenant_account": 2}
    assert tenants(platform)[0] == ("acme", "a-9", MONDAY, None), "corrected in its place"


def test_a_missing_key_closes_and_opens_when_it_returns(platform: Platform, tmp_path: Path) -> None:
    load(platform)
    without = TENANTS.replace("globex,a-2,test,2026-01-01,\n", "")
    export(tmp_path, "map_tenant_account", without, TUESDAY)
    load(platform)
    assert tenants(platform) == [LOADED[0], ("globex", "a-2", MONDAY, TUESDAY)]
    export(tmp_path, "map_tenant_account", TENANTS, WEDNESDAY)
    load(platform)
    assert tenants(platform) == LOADED


def test_an_older_extract_is_refused(platform: Platform, tmp_path: Path) -> None:
    load(platform)
    export(tmp_path, "map_tenant_account", "tenant_id\n", MONDAY.replace(hour=4))
    (problem,) = load(platform).problems
    assert "is of 2026-11-23 04:00:00, older than the loaded extract of 2026-11-23 05:00" in problem
    assert tenants(platform) == LOADED


def test_an_account_keeps_what_it_was(platform: Platform, tmp_path: Path) -> None:
    def accounts() -> list[tuple[object, ...]]:
        return rows(platform, "accounts", "account_id, segment")

    load(platform)
    export(tmp_path, "accounts", ACCOUNTS + "a-1,Acme,steel,small,euc\n", TUESDAY)
    load(platform)
    first, second = ("a-1", "large", MONDAY, TUESDAY), ("a-1", "small", TUESDAY, None)
    assert accounts() == [first, second]

    export(tmp_path, "accounts", ACCOUNTS, WEDNESDAY)
    load(platform)
    assert accounts() == [first, ("a-1", "small", TUESDAY, WEDNESDAY)]
    # A second extract of the same moment is that moment's.
    export(tmp_path, "accounts", ACCOUNTS + "a-1,Acme,steel,small,euc\n", WEDNESDAY)
    load(platform)
    assert accounts() == [first, second]

    export(tmp_path, "accounts", ACCOUNTS + "a-1,Acme,steel,large,euc\n", WEDNESDAY)
    load(platform)
    assert accounts() == [
        first,
        ("a-1", "large", WEDNESDAY, None),
        ("a-1", "small", TUESDAY, WEDNESDAY),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("tenant_id,note\nacme,x\n", "lacks the columns valid_from, account_id, environment; it h"),
        (TENANTS.replace("a-2", ""), "account_id is empty in 1 rows, first in row 2"),
        (TENANTS.replace("globex", "acme"), "1 values of tenant_id, valid_from stand in more"),
        ("", "lacks the columns|cannot be read"),
        (None, "there is no file"),
    ],
)
def test_a_wrong_file_changes_nothing(
    platform: Platform, tmp_path: Path, content: str | None, reason: str
) -> None:
    load(platform)
    if content is None:
        (tmp_path / "business" / "map_tenant_account.csv").unlink()
    else:
        export(tmp_path, "map_tenant_account", content, TUESDAY)
    (problem,) = load(platform).problems
    assert any(part in problem for part in reason.split("|"))
    assert tenants(platform) == LOADED
    export(tmp_path, "map_tenant_account", TENANTS, MONDAY)
    assert load(platform).nothing_new


@pytest.mark.parametrize(
    ("right", "wrong", "reason"),
    [
        ("DATE '2026-01-01'", "'SECRET'", "valid_from is not of type date in 1 rows, first in r"),
        ("'recurring'", "'SECRET'", "charge is none of recurring, usage, one_off in 1 rows"),
        ("'EUR'", "'€SECRET'", "currency is no currency's three letters in 1 rows"),
        ("'Australia/Adelaide'", "'SECRET'", "billing_timezone is no IANA time zone in 1 rows"),
        ("NULL AS valid_to", "DATE '2025-01-01' AS valid_to", "valid_to lies before valid_from"),
    ],
)
def test_a_wrong_cell_is_told_by_its_place_and_not_quoted(
    platform: Platform, tmp_path: Path, right: str, wrong: str, reason: str
) -> None:
    path = tmp_path / "business" / "contract_lines.parquet"
    parquet(path, CONTRACT.replace(right, wrong))
    (problem,) = load(platform).problems
    assert reason in problem
    assert "SECRET" not in problem
