"""T-SQL for a SQL Server that takes what a build published.

Each published table stands twice: in `mainstem_stage`, which a copy fills, and in `mainstem`, which
people read and which takes a table over whole. Types follow the Parquet files' own:
https://learn.microsoft.com/sql/t-sql/data-types/data-types-transact-sql
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from mainstem.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable

STAGE = "mainstem_stage"
READ = "mainstem"
# What an index may have as a key; longer texts are no key.
KEY_LENGTH = 450
_LARGEST_PRECISION = 38


def ddl(tables: Iterable[tuple[str, str, pa.Schema]]) -> str:
    """Write the statements, in batches for `sqlcmd`, for tables of (name, description, schema)."""
    made = list(tables)
    names = ", ".join(f"N'{name}'" for name, _, _ in made)
    batches = [
        *(
            f"IF SCHEMA_ID(N'{schema}') IS NULL EXEC (N'CREATE SCHEMA [{schema}]')"
            for schema in (STAGE, READ)
        ),
        *(
            f"DROP TABLE IF EXISTS [{schema}].[{name}]"
            for schema in (STAGE, READ)
            for name, _, _ in made
        ),
        *(
            _table(schema, name, description, columns)
            for schema in (STAGE, READ)
            for name, description, columns in made
        ),
        f"DROP TABLE IF EXISTS [{READ}].[builds]",
        _BUILDS.format(read=READ),
        _TAKE_OVER.format(read=READ, stage=STAGE, names=names),
    ]
    return "".join(f"{batch};\nGO\n" for batch in batches)


def sql_type(column: pa.Field) -> str:
    """Give a column's type; DataError where SQL Server has none for it."""
    kind = column.type
    for test, name in _TYPES:
        if test(kind):
            return name
    if pa.types.is_decimal(kind) and kind.precision <= _LARGEST_PRECISION:
        return f"decimal({kind.precision}, {kind.scale})"
    if pa.types.is_timestamp(kind):
        # Seven digits are all that there are: nanoseconds lose the last two.
        digits = {"s": 0, "ms": 3, "us": 6, "ns": 7}[kind.unit]
        return f"datetimeoffset({digits})" if kind.tz else f"datetime2({digits})"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        # Equal as in the other engines: by their letters' codes.
        length = KEY_LENGTH if column.name.endswith(("_id", "_key")) else "max"
        return f"nvarchar({length}) COLLATE Latin1_General_100_BIN2"
    raise DataError(
        f"column {column.name} has the type {kind}, which SQL Server has no column for",
        hint="Publish it as text or as columns of its own.",
    )


_TYPES = (
    (pa.types.is_boolean, "bit"),
    (pa.types.is_int8, "smallint"),
    (pa.types.is_int16, "smallint"),
    (pa.types.is_int32, "int"),
    (pa.types.is_int64, "bigint"),
    (pa.types.is_uint8, "tinyint"),
    (pa.types.is_uint16, "int"),
    (pa.types.is_uint32, "bigint"),
    (pa.types.is_uint64, "decimal(20, 0)"),
    (pa.types.is_float32, "real"),
    (pa.types.is_float64, "float(53)"),
    (pa.types.is_date32, "date"),
)


def _table(schema: str, name: str, description: str, columns: pa.Schema) -> str:
    lines = ",\n".join(f"    [{column.name}] {sql_type(column)} NULL" for column in columns)
    said = description.split("\n", 1)[0]
    return f"-- {said}\nCREATE TABLE [{schema}].[{name}] (\n{lines}\n)"


_BUILDS = """\
CREATE TABLE [{read}].[builds] (
    [table_name] sysname NOT NULL PRIMARY KEY,
    [build] nvarchar(64) NOT NULL,
    [taken_over_at] datetime2(3) NOT NULL
)"""

# A reader sees the table before or this one, whole. Names are looked up in a list and quoted.
_TAKE_OVER = """\
CREATE OR ALTER PROCEDURE [{read}].[take_over] @table sysname, @build nvarchar(64) AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    IF @table NOT IN ({names})
        THROW 50000, N'not a table that a build publishes', 1;
    DECLARE @statement nvarchar(max) =
        N'DELETE FROM [{read}].' + QUOTENAME(@table)
        + N'; INSERT INTO [{read}].' + QUOTENAME(@table)
        + N' SELECT * FROM [{stage}].' + QUOTENAME(@table) + N';';
    BEGIN TRANSACTION;
    EXEC sp_executesql @statement;
    DELETE FROM [{read}].[builds] WHERE [table_name] = @table;
    INSERT INTO [{read}].[builds] ([table_name], [build], [taken_over_at])
        VALUES (@table, @build, SYSUTCDATETIME());
    COMMIT TRANSACTION;
END"""
