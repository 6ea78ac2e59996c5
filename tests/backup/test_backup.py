"""A warehouse comes back row by row, and loads go on from there; what is damaged is refused."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb
import pytest
from builders import Collector

from mainstem.backup import back_up, list_backups, restore
from mainstem.books import keep_books
from mainstem.config.platform import Platform, load_platform
from mainstem.errors import DataError, UsageError
from mainstem.load import load
from mainstem.records import Signal
from mainstem.replicate import replicate
from mainstem.store import Account

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime.now(UTC).replace(minute=10, second=0, microsecond=0)
PLATFORM = """
environment: play
regions:
  euc:
    store: file:./stores/euc
    routes: {logs: replicate, traces: replicate, metrics: replicate}
central: {store: "file:./stores/central"}
warehouse: duckdb:./warehouse/own.duckdb
"""


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    (tmp_path / "mainstem.yaml").write_text(PLATFORM)
    return load_platform(tmp_path / "mainstem.yaml")


@pytest.fixture
def euc(platform: Platform) -> Collector:
    return Collector(Account.open("file:./stores/euc", platform.directory), "euc", now=NOW)


@pytest.fixture
def backups(platform: Platform) -> Account:
    return Account.open("file:./backups", platform.directory)


def bring(platform: Platform, euc: Collector) -> None:
    for signal in Signal:
        euc.segment(signal, euc.requests(signal, 3, 4))
    replicate(platform)
    load(platform)


def lose(platform: Platform) -> Path:
    lost = platform.directory / "lost.duckdb"
    platform.warehouse_path.rename(lost)
    return lost


def rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() "
            "WHERE table_name <> 'schema_versions' ORDER BY ALL"
        ).fetchall()
        return {
            table: connection.execute(f"FROM {table} ORDER BY ALL").fetchall()
            for (table,) in tables
        }


def test_every_row_comes_back_and_loads_go_on(
    platform: Platform, euc: Collector, backups: Account
) -> None:
    bring(platform, euc)
    manifest = back_up(platform, backups)
    assert list_backups(backups) == [manifest.name]
    before = rows(lose(platform))
    assert restore(platform, backups) == manifest
    assert rows(platform.warehouse_path) == before
    bring(platform, euc)
    books = keep_books(platform)
    assert books.problems == []
    assert sum(line.loaded for line in books.totals) == 6 * 7
    assert sorted(path.name for path in platform.warehouse_path.parent.iterdir()) == ["own.duckdb"]


def test_large_tables_come_in_parts(
    platform: Platform, euc: Collector, backups: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mainstem.backup.write.PART_BYTES", 100_000)
    bring(platform, euc)
    with duckdb.connect(str(platform.warehouse_path)) as connection:
        connection.execute(
            "INSERT INTO bronze.otel_logs BY NAME "
            "SELECT logs.* REPLACE (md5(n::VARCHAR) AS record_id, sha1(n::VARCHAR) AS body) "
            "FROM bronze.otel_logs AS logs, range(40_000) AS numbers(n)"
        )
    manifest = back_up(platform, backups)
    parts = {table.table: len(table.parts) for table in manifest.tables}
    assert parts["bronze.otel_logs"] > 2
    before = rows(lose(platform))
    restore(platform, backups)
    assert rows(platform.warehouse_path) == before


def test_the_newest_is_taken_unless_one_is_named(
    platform: Platform, euc: Collector, backups: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(platform, euc)
    first = back_up(platform, backups)
    bring(platform, euc)

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> Later:
            return cls(2100, 1, 1, tzinfo=UTC)

    monkeypatch.setattr("mainstem.backup.write.datetime", Later)
    second = back_up(platform, backups)
    assert list_backups(backups) == [first.name, second.name]
    lose(platform)
    assert restore(platform, backups).load_id == second.load_id == 2
    lose(platform)
    assert restore(platform, backups, first.name).load_id == 1
    lose(platform)
    with pytest.raises(UsageError, match="no backup 19990101") as error:
        restore(platform, backups, "19990101T000000Z")
    assert first.name in str(error.value)


def test_a_file_that_was_changed_is_refused_and_leaves_no_warehouse(
    platform: Platform, euc: Collector, backups: Account
) -> None:
    bring(platform, euc)
    name = back_up(platform, backups).name
    part = platform.directory / f"backups/backup/{name}/bronze.otel_logs/000000.parquet"
    part.write_bytes(part.read_bytes()[:-1])
    lose(platform)
    with pytest.raises(DataError, match=r"bronze\.otel_logs/000000\.parquet is not what"):
        restore(platform, backups)
    assert list(platform.warehouse_path.parent.iterdir()) == []


def test_rows_that_are_fewer_than_the_manifest_says_are_refused(
    platform: Platform, euc: Collector, backups: Account
) -> None:
    bring(platform, euc)
    name = back_up(platform, backups).name
    manifest = platform.directory / f"backups/backup/{name}/manifest.json"
    manifest.write_text(manifest.read_text().replace('"rows": 7', '"rows": 8', 1))
    lose(platform)
    with pytest.raises(DataError, match="gave 7 rows, and its manifest says 8"):
        restore(platform, backups)


def test_what_never_ended_is_no_backup(
    platform: Platform, euc: Collector, backups: Account
) -> None:
    bring(platform, euc)
    name = back_up(platform, backups).name
    (platform.directory / f"backups/backup/{name}/manifest.json").unlink()
    lose(platform)
    with pytest.raises(UsageError, match="there is no backup"):
        restore(platform, backups)


def test_a_warehouse_that_is_there_is_never_replaced(
    platform: Platform, euc: Collector, backups: Account
) -> None:
    bring(platform, euc)
    back_up(platform, backups)
    with pytest.raises(UsageError, match="there is a warehouse"):
        restore(platform, backups)


def test_a_backup_of_another_environment_or_a_newer_version_is_refused(
    platform: Platform, euc: Collector, backups: Account
) -> None:
    bring(platform, euc)
    name = back_up(platform, backups).name
    lose(platform)
    table = platform.directory / f"backups/backup/{name}/bronze.otel_logs"
    newer = duckdb.sql(f"SELECT *, 'glad' AS mood FROM '{table}/*.parquet'")
    newer.write_parquet(str(table / "000000.parquet"))
    manifest = platform.directory / f"backups/backup/{name}/manifest.json"
    made = hashlib.sha256((table / "000000.parquet").read_bytes()).hexdigest()
    tables = {table["table"]: table for table in json.loads(manifest.read_text())["tables"]}
    known = tables["bronze.otel_logs"]["parts"][0]["sha256"]
    manifest.write_text(manifest.read_text().replace(known, made))
    with pytest.raises(DataError, match="column mood"):
        restore(platform, backups)
    file = platform.directory / "mainstem.yaml"
    file.write_text(PLATFORM.replace("play", "prod"))
    with pytest.raises(UsageError, match="environment play"):
        restore(load_platform(file), backups)


def test_a_store_in_azure(platform: Platform, euc: Collector, azurite_account: str) -> None:
    bring(platform, euc)
    account = Account.open(azurite_account)
    manifest = back_up(platform, account)
    before = rows(lose(platform))
    assert restore(platform, account) == manifest
    assert rows(platform.warehouse_path) == before
