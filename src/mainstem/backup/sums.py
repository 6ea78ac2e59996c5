"""What models hold of closed days: sums whose detail has decayed, so that nothing builds them anew.

dbt defines these tables, so a backup takes their columns from the warehouse, and a restore from its
own files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from mainstem.warehouse import Table, quoted
from mainstem.warehouse.tables import Column

if TYPE_CHECKING:
    from mainstem.warehouse import Warehouse

_TYPES = {
    "varchar": pa.string(),
    "character varying": pa.string(),
    "text": pa.string(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "double precision": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamp without time zone": pa.timestamp("us"),
}
"""Arrow's type for each that a model's contract may name, as information_schema has it."""


def tables_of_sums(warehouse: Warehouse) -> list[Table]:
    """List the models' tables that hold closed days, and what the models have seen; none if none.

    Raises KeyError for a column of a type that no contract of a model may name.
    """
    if not warehouse.value("SELECT count(*) FROM bronze.closed_days"):
        return []
    models = warehouse.query(
        "SELECT DISTINCT schema_name, model FROM meta.model_builds "
        "WHERE grain IS NOT NULL AND grain <> 'detail' ORDER BY 1, 2"
    )
    tables = [_table(warehouse, schema, name) for schema, name in models]
    return [
        _table(warehouse, "meta", "model_builds"),
        *(table for table in tables if table.columns),
    ]


def make_table(warehouse: Warehouse, schema: str, name: str, columns: pa.Schema) -> None:
    """Make a table of a model, and its schema where there is none."""
    types = ", ".join(
        f"{quoted(field.name)} {_sql_type(warehouse, field.type)}" for field in columns
    )
    warehouse.define(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
    warehouse.define(f"CREATE TABLE {quoted(schema)}.{quoted(name)} ({types})")


def _table(warehouse: Warehouse, schema: str, name: str) -> Table:
    rows = warehouse.query(
        "SELECT column_name, lower(data_type), numeric_precision, numeric_scale "
        "FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2 "
        "ORDER BY ordinal_position",
        (schema, name),
    )
    return Table(
        schema,
        name,
        tuple(Column(column, _arrow_type(*kind), nullable=True) for column, *kind in rows),
    )


def _arrow_type(kind: str, precision: int | None, scale: int | None) -> pa.DataType:
    if kind.startswith(("decimal", "numeric")):
        return pa.decimal128(precision or 38, scale or 0)
    return _TYPES[kind]


def _sql_type(warehouse: Warehouse, kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision}, {kind.scale})"
    return warehouse.sql_types[kind]
