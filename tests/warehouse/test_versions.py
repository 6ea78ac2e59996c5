"""The tables come forward from what older versions made, and stay as a newer one made them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from warehouse.platforms import collector, on_duckdb, on_postgres, rows, write_blobs

from mainstem.books import keep_books
from mainstem.errors import UsageError
from mainstem.load import load
from mainstem.replicate import replicate
from mainstem.warehouse import SchemaNewer, all_tables, open_warehouse
from mainstem.warehouse.schema import schema_version
from mainstem.warehouse.tables import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mainstem.config.platform import Platform
    from mainstem.warehouse import Warehouse

KNOWN = (6, "48275e0a45480d76")
"""The version of the tables and the digest of what they are: they change together."""

FIRST = {
    "ledger": """
        instance VARCHAR NOT NULL, seq BIGINT NOT NULL, kind VARCHAR NOT NULL,
        region VARCHAR NOT NULL, environment VARCHAR NOT NULL, "at" TIMESTAMP NOT NULL,
        segment VARCHAR, signal VARCHAR, class VARCHAR, hour VARCHAR, policy VARCHAR,
        container VARCHAR, blob VARCHAR, bytes BIGINT, sha256 VARCHAR, compression VARCHAR,
        lines BIGINT, lines_sha256 VARCHAR, received BIGINT NOT NULL, stored BIGINT NOT NULL,
        rejected BIGINT NOT NULL, dropped BIGINT NOT NULL, sampled BIGINT NOT NULL,
        aggregated BIGINT NOT NULL, duplicate BIGINT NOT NULL, held_before BIGINT NOT NULL,
        held_after BIGINT NOT NULL, redactions VARCHAR NOT NULL, first_time TIMESTAMP,
        last_time TIMESTAMP, entry_sha256 VARCHAR NOT NULL, previous VARCHAR NOT NULL,
        load_id BIGINT NOT NULL""",
    "loads": """
        load_id BIGINT NOT NULL, started_at TIMESTAMP NOT NULL, finished_at TIMESTAMP,
        blobs BIGINT NOT NULL, records BIGINT NOT NULL""",
    "load_blobs": """
        load_id BIGINT NOT NULL, region VARCHAR NOT NULL, signal VARCHAR NOT NULL,
        segment VARCHAR, blob VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, etag VARCHAR,
        received_at TIMESTAMP NOT NULL, lines BIGINT, records_stored BIGINT,
        records_loaded BIGINT NOT NULL, records_quarantined BIGINT NOT NULL,
        records_duplicate BIGINT NOT NULL, status VARCHAR NOT NULL""",
    "load_touched": """
        load_id BIGINT NOT NULL, signal VARCHAR NOT NULL, event_date DATE NOT NULL,
        region VARCHAR NOT NULL""",
    "quarantine": """
        load_id BIGINT NOT NULL, region VARCHAR NOT NULL, signal VARCHAR NOT NULL,
        blob VARCHAR NOT NULL, line BIGINT, byte_offset BIGINT, code VARCHAR NOT NULL,
        records BIGINT""",
    "otel_logs": "record_id VARCHAR, region VARCHAR, blob VARCHAR, event_date DATE, load_id BIGINT",
}
"""Tables as the first versions made them, before the ledger knew of forwarding and of versions."""


OF_VERSION_4 = {
    "bronze.schema_versions": "version BIGINT, made_by VARCHAR, made_at TIMESTAMP",
    "bronze.source_files": """
        name VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, "rows" BIGINT NOT NULL,
        load_id BIGINT NOT NULL, loaded_at TIMESTAMP NOT NULL""",
    "sources.accounts": """
        account_id VARCHAR NOT NULL, account_name VARCHAR NOT NULL, industry VARCHAR NOT NULL,
        plan VARCHAR NOT NULL, region VARCHAR NOT NULL""",
}
"""Of what version 4 had: the business tables were replaced whole and had no history."""


@pytest.fixture(params=["duckdb", "postgresql"])
def platform(request: pytest.FixtureRequest, tmp_path: Path) -> Platform:
    if request.param == "duckdb":
        return on_duckdb(tmp_path)
    return on_postgres(tmp_path, request.getfixturevalue("postgres"))


@pytest.fixture
def old(platform: Platform) -> Platform:
    with open_warehouse(platform) as warehouse:
        warehouse.define("CREATE SCHEMA bronze")
        for name, columns in FIRST.items():
            warehouse.define(f"CREATE TABLE bronze.{name} ({columns})")
        warehouse.change(
            "INSERT INTO bronze.otel_logs "
            "VALUES ('00', 'euc', 'old.json', CAST('2026-01-01' AS DATE), 1)"
        )
        warehouse.change(
            "INSERT INTO bronze.loads "
            "VALUES (1, CAST('2026-01-01' AS TIMESTAMP), CAST('2026-01-01' AS TIMESTAMP), 1, 1)"
        )
        warehouse.change(
            "INSERT INTO bronze.load_blobs VALUES (1, 'euc', 'logs', NULL, 'old.json', '00', NULL, "
            "CAST('2026-01-01' AS TIMESTAMP), 1, 1, 1, 0, 0, 'loaded')"
        )
    return platform


def test_an_older_warehouse_comes_forward_with_its_rows(old: Platform) -> None:
    write_blobs(collector(old))
    replicate(old)
    with pytest.raises(UsageError, match="an older version made it"):
        keep_books(old)
    assert load(old).load_id == 2
    with open_warehouse(old, read_only=True) as warehouse:
        assert schema_version(warehouse) == SCHEMA_VERSION
        for table in all_tables():
            assert set(warehouse.columns(table.schema, table.name)) == {
                column.name for column in table.columns
            }
        kept = warehouse.query(
            "SELECT record_id, environment, body FROM bronze.otel_logs WHERE load_id = 1"
        )
        assert kept == [("00", None, None)], "what is new is empty in old rows"
    assert "bronze.otel_logs" in rows(old)
    assert keep_books(old).hours
    assert load(old).nothing_new


def test_business_tables_of_an_older_version_step_aside(old: Platform) -> None:
    with open_warehouse(old) as warehouse:
        warehouse.define("CREATE SCHEMA sources")
        for name, columns in OF_VERSION_4.items():
            warehouse.define(f"CREATE TABLE {name} ({columns})")
        now = "CAST('2026-01-01' AS TIMESTAMP)"
        warehouse.change(f"INSERT INTO bronze.schema_versions VALUES (4, '0.0.4', {now})")
        warehouse.change("INSERT INTO sources.accounts VALUES ('a', 'A', 'steel', 'gold', 'euc')")
        warehouse.change(f"INSERT INTO bronze.source_files VALUES ('accounts', '00', 1, 1, {now})")
        # What the models of that version read, and what a person may have built on it.
        warehouse.define(
            "CREATE VIEW sources.mine AS SELECT account_id, plan FROM sources.accounts"
        )
    load(old)
    with open_warehouse(old, read_only=True) as warehouse:
        kept = warehouse.query("SELECT account_id, plan FROM sources.accounts_until_4")
        assert kept == [("a", "gold")]
        assert warehouse.query("SELECT account_id, segment FROM sources.accounts") == [
            ("a-1", "large")
        ]


def test_a_newer_warehouse_is_left_alone(platform: Platform) -> None:
    load(platform)
    before = rows(platform)
    with open_warehouse(platform) as warehouse:
        warehouse.define("ALTER TABLE bronze.loads ADD COLUMN mood VARCHAR")
        warehouse.change(
            "INSERT INTO bronze.schema_versions (version, made_by, made_at) "
            f"VALUES ({SCHEMA_VERSION + 1}, '9.9.9', CAST('2030-01-01' AS TIMESTAMP))"
        )
    for act in (load, keep_books):
        with pytest.raises(SchemaNewer, match=r"mainstem 9\.9\.9 made") as caught:
            act(platform)
        assert caught.value.exit_code == 2
    with open_warehouse(platform) as warehouse:
        warehouse.change(f"DELETE FROM bronze.schema_versions WHERE version = {SCHEMA_VERSION + 1}")
    assert rows(platform) == before


def test_a_migration_that_fails_leaves_the_warehouse_as_it_was(old: Platform) -> None:
    with open_warehouse(old) as warehouse:
        # A view stands where a table has to be made.
        warehouse.define("CREATE VIEW bronze.removed AS SELECT 1 AS region")
    before = dict(_columns(old))
    with pytest.raises(Exception, match="did not carry a statement out"):
        load(old)
    assert dict(_columns(old)) == before


def _columns(platform: Platform) -> Iterator[tuple[str, tuple[str, ...]]]:
    with open_warehouse(platform) as warehouse:
        for name in FIRST:
            yield name, warehouse.columns("bronze", name)


def test_who_changes_a_table_raises_the_version() -> None:
    text = "\n".join(f"{table.path} {table.arrow_schema}" for table in all_tables())
    assert (SCHEMA_VERSION, hashlib.sha256(text.encode()).hexdigest()[:16]) == KNOWN, (
        "a table changed: raise SCHEMA_VERSION, and write the digest here. What is added has to be "
        "nullable, because older rows have no value for it"
    )


def test_tables_have_the_columns_of_the_definition(platform: Platform) -> None:
    load(platform)
    with open_warehouse(platform, read_only=True) as warehouse:
        for table in all_tables():
            there = _described(warehouse, table.schema, table.name)
            assert there == [(column.name, column.nullable) for column in table.columns]


def _described(warehouse: Warehouse, schema: str, name: str) -> list[tuple[str, bool]]:
    found = warehouse.query(
        "SELECT column_name, is_nullable FROM information_schema.columns "
        "WHERE table_schema = $1 AND table_name = $2 ORDER BY ordinal_position",
        (schema, name),
    )
    return [(column, nullable == "YES") for column, nullable in found]
