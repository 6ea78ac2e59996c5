"""What becomes of a business table's rows when its next extract comes.

An extract is full: it says what there is at its moment. A row that is missing in it closes; one
that is there again opens. Where the source gives no dates of its own, a row that changed closes
too, and a new one opens, so that what held before is not forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from mainstem.warehouse.tables import source_table

if TYPE_CHECKING:
    from datetime import datetime

    import pyarrow as pa

    from mainstem.vocabulary import BusinessTable


def merged(table: BusinessTable, kept: pa.Table, extract: pa.Table, as_of: datetime) -> pa.Table:
    """Give a table's rows after an extract, whole; `kept` are those before it.

    `as_of` is UTC without a zone and not before that of the extract before. An extract of the same
    moment takes the place of that one.
    """
    with duckdb.connect() as session:
        session.register("kept", kept)
        session.register("extract", extract)
        session.execute("SET VARIABLE as_of = ?::TIMESTAMP", [as_of])
        for statement in _with_history(table) if table.history else _without_history(table):
            session.execute(statement)
        rows = session.sql("FROM following ORDER BY ALL").to_arrow_table()
    return rows.select(kept.column_names).cast(source_table(table.name).arrow_schema)


_BEFORE = """
    CREATE TABLE before AS
    SELECT * REPLACE (nullif(closed_as_of, getvariable('as_of')) AS closed_as_of)
    FROM kept
    WHERE first_as_of < getvariable('as_of')
"""


def _without_history(table: BusinessTable) -> tuple[str, ...]:
    key = _same(table.key, "before", "extract")
    return (
        _BEFORE,
        f"""
        CREATE TABLE following AS
        SELECT
            extract.*,
            coalesce(before.first_as_of, getvariable('as_of')) AS first_as_of,
            CAST(NULL AS TIMESTAMP) AS closed_as_of
        FROM extract
        LEFT JOIN before ON {key}
        UNION ALL BY NAME
        SELECT * REPLACE (coalesce(closed_as_of, getvariable('as_of')) AS closed_as_of)
        FROM before
        WHERE NOT EXISTS (SELECT 1 FROM extract WHERE {key})
        """,  # noqa: S608
    )


def _with_history(table: BusinessTable) -> tuple[str, ...]:
    whole = _same([column.name for column in table.columns], "before", "extract")
    return (
        _BEFORE,
        f"""
        CREATE TABLE following AS
        SELECT * REPLACE (
            CASE
                WHEN
                    closed_as_of IS NULL
                    AND NOT EXISTS (SELECT 1 FROM extract WHERE {whole})
                    THEN getvariable('as_of')
                ELSE closed_as_of
            END AS closed_as_of
        )
        FROM before
        UNION ALL BY NAME
        SELECT
            extract.*,
            getvariable('as_of') AS first_as_of,
            CAST(NULL AS TIMESTAMP) AS closed_as_of
        FROM extract
        WHERE NOT EXISTS (SELECT 1 FROM before WHERE closed_as_of IS NULL AND {whole})
        """,  # noqa: S608
    )


def _same(columns: list[str] | tuple[str, ...], left: str, right: str) -> str:
    return " AND ".join(
        f'{left}."{name}" IS NOT DISTINCT FROM {right}."{name}"' for name in columns
    )
