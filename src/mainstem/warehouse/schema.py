"""The tables of `warehouse.tables` in a warehouse: made, brought forward, and never backward."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mainstem import __version__
from mainstem.errors import Terminal, UsageError
from mainstem.warehouse.tables import SCHEMA_VERSION, SET_ASIDE, all_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mainstem.warehouse.destination import Warehouse
    from mainstem.warehouse.tables import Table

_FIRST = "loads"
"""A table that every version had."""


class SchemaNewer(Terminal):
    """A newer version of mainstem made the warehouse's tables; an older one leaves them alone."""


def schema_version(warehouse: Warehouse) -> int:
    """Tell the version of a warehouse's tables; 0 where it has none yet.

    SchemaNewer where this version of mainstem does not know it.
    """
    if not warehouse.columns("bronze", "schema_versions"):
        return 1 if warehouse.columns("bronze", _FIRST) else 0
    version, made_by = warehouse.query(
        "SELECT version, made_by FROM bronze.schema_versions ORDER BY version DESC LIMIT 1"
    )[0]
    refuse_newer(warehouse.label, version, made_by)
    return int(version)


def refuse_newer(label: str, version: int, made_by: str) -> None:
    """SchemaNewer where this version of mainstem does not know a warehouse's tables."""
    if version > SCHEMA_VERSION:
        raise SchemaNewer(
            f"the warehouse {label} has tables of version {version}, which mainstem "
            f"{made_by} made; this one, {__version__}, knows them up to version {SCHEMA_VERSION}",
            hint="Use that version of mainstem, or a newer one. Nothing was changed.",
        )


def bring_forward(warehouse: Warehouse) -> None:
    """Make the tables that are missing, and add the columns that are, in one transaction.

    What is there stays as it is: a new column is empty in old rows, and a table that became
    another one is renamed. SchemaNewer where a newer version made the warehouse.
    """
    before = schema_version(warehouse)
    if before == SCHEMA_VERSION:
        return
    with warehouse.transaction():
        for schema in ("bronze", "sources"):
            # Only where it is missing: PostgreSQL asks for the right to make one in any case.
            if not warehouse.query("SELECT 1 FROM pg_namespace WHERE nspname = $1", (schema,)):
                warehouse.define(f"CREATE SCHEMA {schema}")
        if before:
            _set_aside(warehouse, before)
        for table in all_tables():
            for statement in _missing(warehouse, table):
                warehouse.define(statement)
        now = datetime.now(UTC).replace(tzinfo=None)
        warehouse.insert(
            "schema_versions",
            [{"version": SCHEMA_VERSION, "made_by": __version__, "made_at": now}],
        )


def expect_tables(warehouse: Warehouse) -> None:
    """UsageError where an older version made the warehouse, SchemaNewer where a newer one did."""
    if schema_version(warehouse) < SCHEMA_VERSION:
        raise UsageError(
            f"the warehouse {warehouse.label} has not all of this version's tables: an older "
            "version made it",
            hint="Run `mainstem load`, which adds what is missing.",
        )


def _set_aside(warehouse: Warehouse, before: int) -> None:
    """Rename the tables that became other ones; the next load takes their files anew."""
    for path, since in SET_ASIDE.items():
        schema, name = path.split(".")
        if before < since and warehouse.columns(schema, name):
            warehouse.define(f"ALTER TABLE {path} RENAME TO {name}_until_{since - 1}")
            warehouse.change("DELETE FROM bronze.source_files WHERE name = $1", (name,))


def _missing(warehouse: Warehouse, table: Table) -> Iterator[str]:
    there = warehouse.columns(table.schema, table.name)
    types = {column.name: warehouse.sql_types[column.type] for column in table.columns}
    if not there:
        columns = ", ".join(
            f'"{column.name}" {types[column.name]}' + ("" if column.nullable else " NOT NULL")
            for column in table.columns
        )
        yield f"CREATE TABLE {table.path} ({columns})"
    else:
        for name, kind in types.items():
            if name not in there:
                yield f'ALTER TABLE {table.path} ADD COLUMN "{name}" {kind}'
    if warehouse.indexed:
        for lookup in table.lookups:
            columns = ", ".join(f'"{name}"' for name in lookup)
            name = f"{table.name}_by_{'_'.join(lookup)}"
            yield f"CREATE INDEX IF NOT EXISTS {name} ON {table.path} ({columns})"
