"""A build as it is published, made of rows that a test gives."""

from __future__ import annotations

import itertools
from datetime import date, datetime
from decimal import Decimal
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import duckdb
import yaml

from mainstem.model import DATABASE, OPERATIONS, Build, PublishedTable
from mainstem.model.operations import _TABLES
from mainstem.model.published import partial_folder, publish_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_BUILDS = itertools.count(1)
TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 8, 0, 0)


def sql_type(value: object) -> str:
    for kind, name in (
        (bool, "BOOLEAN"),
        (int, "BIGINT"),
        (float, "DOUBLE"),
        (Decimal, "DECIMAL(28,6)"),
        (datetime, "TIMESTAMP"),
        (date, "DATE"),
    ):
        if isinstance(value, kind):
            return name
    return "VARCHAR"


def declared(model: str) -> set[str]:
    """Give the columns that a model of the packaged project declares."""
    (file,) = (files("mainstem") / "dbt" / "models").glob(f"*/{model}.yml")
    (found,) = yaml.safe_load(file.read_text(encoding="utf-8"))["models"]
    return {column["name"] for column in found["columns"]}


def nothing(column: str) -> str:
    """Give the type of a column that is empty in every row."""
    return "DATE" if column.endswith(("_on", "_earliest", "_latest", "_date")) else "VARCHAR"


def write_rows(connection: duckdb.DuckDBPyConnection, table: str, rows: Any) -> None:
    """Make a table of rows; a column's type is that of its first value that is not None."""
    columns = {
        name: next((sql_type(r[name]) for r in rows if r[name] is not None), nothing(name))
        for name in rows[0]
    }
    declared = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    connection.execute(f"CREATE TABLE {table} ({declared})")
    places = ", ".join("?" * len(columns))
    values = [list(row.values()) for row in rows]
    connection.executemany(f"INSERT INTO {table} VALUES ({places})", values)


def publish(
    published: Path,
    tables: Mapping[str, Any],
    *,
    newest_load_at: str | None = "2026-11-24 07:00:00",
) -> Path:
    """Publish tables, by `schema.name`, as one build that is newer than all before it."""
    build_id = f"20261124T080000000Z-{next(_BUILDS):06d}"
    partial = partial_folder(published, build_id)
    made = []
    with duckdb.connect(str(partial / DATABASE)) as connection:
        for schema in ("gold", "evidence", "status"):
            connection.execute(f"CREATE SCHEMA {schema}")
        for name, rows in tables.items():
            kind, _, table = name.partition(".")
            if kind != "operations":
                write_rows(connection, name, rows)
                made.append(PublishedTable(kind, table, len(rows)))
    build = Build(
        build_id,
        "2026-11-24T08:00:00+00:00",
        "test",
        7,
        newest_load_at,
        str(TODAY),
        "0" * 16,
        "1" * 16,
        False,
        {},
        tuple(made),
    )
    folder = publish_folder(published, build, partial)
    operations = {n.partition(".")[2]: r for n, r in tables.items() if n.startswith("operations.")}
    publish_operations(published, operations)
    return folder


def publish_operations(published: Path, tables: Mapping[str, Any]) -> None:
    """Publish how the platform fares, with rows by table; columns that are left out are null."""
    file = published / OPERATIONS
    file.unlink(missing_ok=True)
    with duckdb.connect(str(file)) as connection:
        for name, columns in _TABLES.items():
            connection.execute(f"CREATE TABLE {name} ({columns})")
            for row in tables.get(name, ()):
                names = ", ".join(row)
                places = ", ".join("?" * len(row))
                connection.execute(
                    f"INSERT INTO {name} ({names}) VALUES ({places})", list(row.values())
                )


def headroom(tenant: str, used: int, limit: int, **more: Any) -> dict[str, Any]:
    """Give a row of mart_license_headroom."""
    return {
        "customer_key": f"A-{tenant}",
        "region": "euc",
        "tenant_id": tenant,
        "license_metric": "seats",
        "account_id": f"A-{tenant}",
        "account_name": f"Account {tenant}",
        "industry": "retail",
        "plan": "starter",
        "usage_kind": "level",
        "used": Decimal(used),
        "used_at": NOW,
        "license_limit": Decimal(limit),
        "headroom": Decimal(limit - used),
        "used_share": used / limit,
        "growth_per_day": 1.5,
        "projected_on": None,
        "projected_earliest": None,
        "projected_latest": None,
        "limit_status": "reached" if used >= limit else "nearing",
        "as_of_date": TODAY,
        **more,
    }
