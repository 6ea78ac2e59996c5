"""T-SQL from what a build published: each type has a column, and another parser reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot
from sqlglot import exp

from mainstem.errors import DataError, UsageError
from mainstem.model.export import export_parquet, export_tsql
from mainstem.model.published import Build, PublishedTable, partial_folder, publish_folder
from mainstem.model.tsql import sql_type
from mainstem.store.account import Account

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = {
    "tenant_id": (pa.string(), "nvarchar(450) COLLATE Latin1_General_100_BIN2"),
    "attributes": (pa.string(), "nvarchar(max) COLLATE Latin1_General_100_BIN2"),
    "usage_date": (pa.date32(), "date"),
    "used": (pa.int64(), "bigint"),
    "amount": (pa.decimal128(28, 6), "decimal(28, 6)"),
    "share": (pa.float64(), "float(53)"),
    "is_over": (pa.bool_(), "bit"),
    "loaded_at": (pa.timestamp("us"), "datetime2(6)"),
    "seen_at": (pa.timestamp("us", tz="UTC"), "datetimeoffset(6)"),
    "digest": (pa.uint64(), "decimal(20, 0)"),
}


@pytest.fixture
def published(tmp_path: Path) -> Path:
    partial = partial_folder(tmp_path / "published", "20261124T0542")
    gold = partial / "parquet" / "gold"
    gold.mkdir(parents=True)
    for name, columns in (
        ("mart_headroom", COLUMNS),
        ("dim_tenant", {"tenant_id": COLUMNS["tenant_id"]}),
    ):
        pq.write_table(
            pa.schema([(column, kind) for column, (kind, _) in columns.items()]).empty_table(),
            gold / f"{name}.parquet",
        )
    build = Build(
        build_id="20261124T0542",
        built_at="2026-11-24T05:42:00+00:00",
        environment="play",
        newest_load=1,
        newest_load_at="2026-11-24 05:41:00",
        data_date="2026-11-23",
        project="0123456789abcdef",
        checks="fedcba9876543210",
        full_refresh=False,
        versions={"mainstem": "0.1.0"},
        tables=(
            PublishedTable("gold", "mart_headroom", 0, "One row per limit."),
            PublishedTable("gold", "dim_tenant", 3, "One row per tenant."),
        ),
    )
    publish_folder(tmp_path / "published", build, partial)
    return tmp_path / "published"


@pytest.mark.parametrize(("name", "kind", "wanted"), [(n, k, w) for n, (k, w) in COLUMNS.items()])
def test_types(name: str, kind: pa.DataType, wanted: str) -> None:
    assert sql_type(pa.field(name, kind)) == wanted


def test_a_type_without_a_column_is_named() -> None:
    with pytest.raises(DataError, match="column tags has the type list"):
        sql_type(pa.field("tags", pa.list_(pa.string())))


def test_statements_are_t_sql(published: Path) -> None:
    text = export_tsql(published)
    batches = [batch for batch in text.split("\nGO\n") if batch.strip()]
    statements = [
        statement
        for batch in batches
        for statement in sqlglot.parse(batch, read="tsql", error_level=sqlglot.ErrorLevel.RAISE)
    ]
    tables = {
        statement.this.this.sql(dialect="tsql"): [
            column.name for column in statement.find_all(exp.ColumnDef)
        ]
        for statement in statements
        if isinstance(statement, exp.Create) and statement.kind == "TABLE"
    }
    assert tables["[mainstem].[mart_headroom]"] == list(COLUMNS)
    assert tables["[mainstem_stage].[mart_headroom]"] == list(COLUMNS)
    assert "-- One row per tenant." in text
    assert "N'dim_tenant', N'mart_headroom'" in text


def test_parquet_goes_to_a_store_once(published: Path, tmp_path: Path) -> None:
    account = Account.open("file:./store", tmp_path)
    assert export_parquet(published, account).written == 2
    done = export_parquet(published, account)
    assert (done.tables, done.written) == (("dim_tenant", "mart_headroom"), 0)
    assert account.container("published").head("20261124T0542/dim_tenant.parquet") is not None


def test_without_a_build_it_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing is published"):
        export_tsql(tmp_path)
