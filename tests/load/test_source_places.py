"""Where business extracts come from: mapped files, folders, posting batches, others' tables."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from builders import Request
from typer.testing import CliRunner

from mainstem.cli import add_verbs
from mainstem.cli.app import app
from mainstem.config.platform import Platform, load_platform
from mainstem.load import Choice, load
from mainstem.records import Signal
from mainstem.store import Account
from mainstem.warehouse import open_warehouse

if TYPE_CHECKING:
    from pathlib import Path

PLATFORM = """
environment: play
regions:
  euc: {{store: "file:./stores/euc"}}
central: {{store: "file:./stores/central"}}
warehouse: {warehouse}
sources: {sources}
"""
BUSINESS = Choice(business=True)


def platform_of(directory: Path, sources: str, warehouse: str = "duckdb:./w.duckdb") -> Platform:
    path = directory / "mainstem.yaml"
    path.write_text(PLATFORM.format(sources=sources, warehouse=warehouse))
    return load_platform(path)


@pytest.fixture(params=["duckdb", "postgresql"])
def warehouse(request: pytest.FixtureRequest) -> str:
    if request.param == "duckdb":
        return "duckdb:./w.duckdb"
    address = request.getfixturevalue("postgres")
    return f"{{address: '{address}', password: 'env:MAINSTEM_TEST_PASSWORD'}}"


def rows(platform: Platform, sql: str) -> list[tuple[Any, ...]]:
    with open_warehouse(platform, read_only=True) as opened:
        return opened.query(sql)


def test_a_crms_own_names_are_mapped_and_gaps_are_filled(tmp_path: Path) -> None:
    (tmp_path / "Account.csv").write_text(
        "Id,Name,Industry,Contact Mail\n001,Acme,Steel,jo@acme.example\n002,Globex,,x@y.example\n"
    )
    sources = """
  accounts:
    path: Account.csv
    columns: {account_id: Id, account_name: Name, industry: Industry}
    defaults: {industry: (none), segment: smb, region: euc}
"""
    platform = platform_of(tmp_path, sources)
    assert load(platform, choice=BUSINESS).sources == {"accounts": 2}
    assert rows(
        platform,
        "SELECT account_id, account_name, industry, segment FROM sources.accounts ORDER BY 1",
    ) == [("001", "Acme", "Steel", "smb"), ("002", "Globex", "(none)", "smb")]
    assert load(platform, choice=BUSINESS).nothing_new
    other = platform_of(tmp_path, sources.replace("smb", "large"))
    assert load(other, choice=BUSINESS).sources == {"accounts": 2}, "it is read otherwise now"
    lacking = platform_of(tmp_path, sources.replace("Industry}", "Sector}"))
    (problem,) = load(lacking, choice=BUSINESS).problems
    assert "lacks the columns Sector (for industry); it has Id, Name, Industry" in problem


def test_a_folder_is_one_extract(tmp_path: Path) -> None:
    folder = tmp_path / "fx"
    folder.mkdir()
    head = "currency,base,valid_from,rate\n"
    (folder / "a.csv").write_text(head + "JPY,EUR,2026-01-01,0.006134567891\n")
    (folder / "b.csv").write_text(head + "USD,EUR,2026-01-01,0.9\n")
    platform = platform_of(tmp_path, "{fx_rates: fx}")
    assert load(platform, choice=BUSINESS).sources == {"fx_rates": 2}
    rates = rows(platform, "SELECT rate FROM sources.fx_rates ORDER BY rate")
    assert rates == [(Decimal("0.006134567891"),), (Decimal("0.9"),)]
    (folder / "c.csv").write_text(head + "USD,EUR,2026-01-01,0.8\nGBP,EUR,x,1\n")
    (problem,) = load(platform, choice=BUSINESS).problems
    assert "c.csv: valid_from is not of type date in 1 rows, first in row 2" in problem
    (folder / "c.csv").write_text(head + "USD,EUR,2026-01-01,0.8\n")
    (problem,) = load(platform, choice=BUSINESS).problems
    assert problem.endswith("1 values of currency, base, valid_from stand in more than one row")


def test_posting_batches_and_plain_tables_of_postings_are_both_read(
    tmp_path: Path, warehouse: str
) -> None:
    folder = tmp_path / "datev"
    folder.mkdir()
    header = (
        '"EXTF";700;21;"Buchungsstapel";13;20260303;;"RE";"";"";1001;7;20260101;4;20260101;20260228'
        ';"Erlöse";"";1;0;0;"EUR";;"";;;"03";;;"";""'
    )
    line = '1190,00;"S";"";;;"";10100;8400;"";3101;"R-17";"";;"Köln"'
    (folder / "EXTF_1.csv").write_text(f"{header}\n{';' * 13}\n{line}\n", encoding="cp1252")
    (folder / "by_hand.csv").write_text(
        "batch,line_no,debtor_no,amount,debit_credit,currency,posted_on\nm,1,10100,5,H,EUR,2026-02-01"
    )
    platform = platform_of(tmp_path, "{postings: datev}", warehouse)
    assert load(platform, choice=BUSINESS).sources == {"postings": 2}
    query = (
        "SELECT batch, line_no, invoice_id, CAST(amount AS VARCHAR), debit_credit, posted_on "
        "FROM sources.postings ORDER BY batch"
    )
    assert rows(platform, query) == [
        ("1001-7-20260303", 3, "R-17", "1000.000000", "S", date(2026, 1, 31)),
        ("m", 1, None, "5.000000", "H", date(2026, 2, 1)),
    ]
    (folder / "EXTF_1.csv").write_text(f"{header}\n{';' * 13}\n{line.replace('3101', '3201')}\n")
    (problem,) = load(platform, choice=BUSINESS).problems
    assert problem.endswith("EXTF_1.csv: line 3: field 10, the date, is no day of 2026")
    assert len(rows(platform, query)) == 2, "nothing changed"


def test_a_table_that_others_keep_in_the_warehouse(tmp_path: Path, warehouse: str) -> None:
    platform = platform_of(
        tmp_path, "{releases: {table: deploys.done, columns: {service: app}}}", warehouse
    )
    (problem,) = load(platform, choice=BUSINESS).problems
    assert problem == "sources.releases: the warehouse has no table deploys.done"
    with open_warehouse(platform) as opened:
        opened.define("CREATE SCHEMA deploys")
        opened.define(
            "CREATE TABLE deploys.done (app VARCHAR(50), version VARCHAR(50), "
            "released_at TIMESTAMP WITH TIME ZONE, who VARCHAR(50))"
        )
        opened.change("INSERT INTO deploys.done VALUES ('api', '1', '2026-11-01 05:00+01', 'jo')")
    assert load(platform, choice=BUSINESS).sources == {"releases": 1}
    assert rows(platform, "SELECT service, region, released_at FROM sources.releases") == [
        ("api", None, datetime(2026, 11, 1, 4))
    ]
    assert load(platform, choice=BUSINESS).nothing_new
    with open_warehouse(platform) as opened:
        opened.change("INSERT INTO deploys.done VALUES ('api', '2', '2026-11-02 05:00+01', 'jo')")
        opened.change("DELETE FROM deploys.done WHERE version = '1'")
    assert load(platform, choice=BUSINESS).sources == {"releases": 1}
    closed = rows(platform, "SELECT version, closed_as_of IS NULL FROM sources.releases ORDER BY 1")
    assert closed == [("1", False), ("2", True)]


def test_business_alone_leaves_regions_be(tmp_path: Path) -> None:
    (tmp_path / "fx.csv").write_text("currency,base,valid_from,rate\nUSD,EUR,2026-01-01,0.9\n")
    platform = platform_of(tmp_path, "{fx_rates: fx.csv}")
    copies = Account.open("file:./stores/central", tmp_path)
    copies.ensure_container("euc-logs")
    request = Request.of(Signal.LOGS, datetime.now(UTC), 2)
    copies.container("euc-logs").create("foreign.json", request.data)
    result = load(platform, choice=BUSINESS)
    assert (result.sources, result.signals) == ({"fx_rates": 1}, {})
    assert load(platform).signals
    moment = datetime(2026, 11, 24, 5, tzinfo=UTC)
    (tmp_path / "fx.csv").write_text("currency,base,valid_from,rate\nUSD,EUR,2026-01-01,0.8\n")
    (problem,) = load(platform, choice=Choice(business=True, as_of=moment)).problems
    assert "is of 2026-11-24 05:00:00, older than the loaded extract of" in problem


def test_the_command_takes_extracts_of_a_moment(tmp_path: Path) -> None:
    (tmp_path / "fx.csv").write_text("currency,base,valid_from,rate\nUSD,EUR,2026-01-01,0.9\n")
    platform = platform_of(tmp_path, "{fx_rates: fx.csv}")
    add_verbs(["load"])

    def run(*options: str) -> tuple[int, str]:
        place = ["load", "--platform", str(tmp_path / "mainstem.yaml"), "--business"]
        result = CliRunner().invoke(app, [*place, *options])
        return result.exit_code, result.output + str(result.exception or "")

    assert "would be read: sources.fx_rates" in run("--dry-run")[1]
    assert run("--as-of", "2026-11-01T05:00")[0] == 0
    loaded = 'SELECT name, as_of, "rows" FROM bronze.source_files'
    assert rows(platform, loaded) == [("fx_rates", datetime(2026, 11, 1, 5), 1)]
    assert "lies in the future" in run("--as-of", "2999-01-01")[1]
    assert "goes with no choice of blobs" in run("--since", "2h")[1]
    assert "nothing new" in run("--dry-run")[1]
