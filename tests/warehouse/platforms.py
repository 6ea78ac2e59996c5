"""The same platform on DuckDB and on PostgreSQL, over the same stores."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from builders import Collector, Request

from mainstem.config.platform import Platform, load_platform
from mainstem.records import Signal
from mainstem.store import Account
from mainstem.warehouse import all_tables, open_warehouse

if TYPE_CHECKING:
    from pathlib import Path

    from mainstem.warehouse import Table

NOW = datetime.now(UTC).replace(minute=10, second=0, microsecond=0)
PLATFORM = """
environment: play
regions:
  euc:
    store: file:./stores/euc
    routes: {logs: replicate, traces: replicate, metrics: replicate}
central:
  store: file:./stores/central
sources: {accounts: accounts.csv, contract_lines: contract_lines.csv}
"""
FILES = {
    "accounts.csv": "account_id,account_name,industry,segment,region\na-1,Acme,steel,large,euc\n",
    "contract_lines.csv": (
        "contract_line_id,contract_id,account_id,plan,metric,charge,amount,currency,"
        "billing_period,billing_timezone,valid_from,valid_to\n"
        "l-1,c-1,a-1,gold,seats,recurring,99.5,EUR,month,Europe/Berlin,2026-01-01,\n"
    ),
}
TIMES = ("started_at", "finished_at", "loaded_at", "made_at", "decided_at")
"""Columns in which a load writes when it ran."""


def on_duckdb(directory: Path) -> Platform:
    for name, content in FILES.items():
        (directory / name).write_text(content)
    return _platform(directory, "duckdb", "duckdb:./warehouse.duckdb")


def on_postgres(directory: Path, address: str) -> Platform:
    for name, content in FILES.items():
        (directory / name).write_text(content)
    warehouse = f"{{address: '{address}', password: 'env:MAINSTEM_TEST_PASSWORD'}}"
    return _platform(directory, "postgres", warehouse)


def _platform(directory: Path, name: str, warehouse: str) -> Platform:
    path = directory / f"{name}.yaml"
    path.write_text(f"{PLATFORM}warehouse: {warehouse}\npublished: ./published-{name}\n")
    return load_platform(path)


def collector(platform: Platform) -> Collector:
    return Collector(Account.open("file:./stores/euc", platform.directory), "euc", now=NOW)


def write_blobs(euc: Collector) -> None:
    """Write what stores hold: all signals, a request twice, foreign blobs, one with rubbish."""
    for signal in Signal:
        requests = euc.requests(signal, 3, 2)
        euc.segment(signal, requests)
        euc.segment(signal, [requests[0], *euc.requests(signal, 4)])
    logs = euc.account.container("logs")
    logs.create("foreign.json", Request.of(Signal.LOGS, NOW, 2).data)
    twice = Request.of(Signal.LOGS, NOW, 2, tenant="globex").data
    logs.create("repeated.json", twice + b"\n" + twice)
    logs.create("broken.json", b'{"resourceLogs": [}\n' + Request.of(Signal.LOGS, NOW, 1).data)
    euc.close_hour()


def rows(platform: Platform) -> dict[str, list[dict[str, Any]]]:
    """Give every row of every table that loads fill, without the times of the loads."""
    with open_warehouse(platform, read_only=True) as warehouse:
        return {
            table.path: sorted(
                warehouse.read(table).read_all().drop_columns(_times(table)).to_pylist(), key=repr
            )
            for table in all_tables()
        }


def _times(table: Table) -> list[str]:
    return [column.name for column in table.columns if column.name in TIMES]
