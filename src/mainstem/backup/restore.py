"""From a store to a new warehouse: every file checked, every row counted, and only then there."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mainstem.backup.manifest import CONTAINER, Manifest, chosen
from mainstem.errors import DataError, UsageError
from mainstem.load import open_warehouse
from mainstem.load.schema import create_tables
from mainstem.load.sources import create_source_tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from mainstem.backup.manifest import Part, TableParts
    from mainstem.config.platform import Platform
    from mainstem.load import Warehouse
    from mainstem.store import Account, Container


def restore(
    platform: Platform,
    account: Account,
    name: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Manifest:
    """Make the platform's warehouse of a backup, the newest unless named.

    UsageError where a warehouse is there already or the backup is another environment's, DataError
    where a file is not what the manifest says or a newer version made it. The warehouse comes into
    being whole or not at all.
    """
    path = platform.warehouse_path
    if path.exists():
        raise UsageError(
            f"there is a warehouse at {path}, and a restore replaces none",
            hint="Move it away first, or name another one in the platform file.",
        )
    container = account.container(CONTAINER)
    manifest = Manifest.read(container, chosen(account, name))
    if manifest.environment != platform.environment:
        raise UsageError(
            f"backup {manifest.name} is of environment {manifest.environment}, and the platform "
            f"file's is {platform.environment}"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".restore-") as folder:
        unfinished = Path(folder) / path.name
        with open_warehouse(unfinished) as warehouse:
            create_tables(warehouse.connection)
            create_source_tables(warehouse)
            for table in manifest.tables:
                progress(table.table)
                _read_table(warehouse, table, container, manifest.name)
            warehouse.connection.execute("CHECKPOINT")
        unfinished.rename(path)
    return manifest


def _read_table(warehouse: Warehouse, table: TableParts, container: Container, backup: str) -> None:
    known = _columns(warehouse, table.table)
    if not known:
        raise DataError(
            f"backup {backup} holds {table.table}, which this version does not know: a newer one "
            "made it",
            hint="Restore it with that version of mainstem.",
        )
    with tempfile.TemporaryDirectory(dir=warehouse.path.parent) as folder:
        for part in table.parts:
            file = _fetch(container, backup, part, Path(folder))
            given = {row[0] for row in warehouse.query(f"DESCRIBE FROM read_parquet('{file}')")}
            if strange := sorted(given - known):
                raise DataError(
                    f"backup {backup}: {table.table} has a column {strange[0]}, which this version "
                    "does not know: a newer one made it",
                    hint="Restore it with that version of mainstem.",
                )
            warehouse.connection.execute(
                f"INSERT INTO {table.table} BY NAME FROM read_parquet('{file}')"
            )
            file.unlink()
    rows = warehouse.value(f"SELECT count(*) FROM {table.table}")  # noqa: S608
    if rows != table.rows:
        raise DataError(
            f"backup {backup}: {table.table} gave {rows:,} rows, and its manifest says "
            f"{table.rows:,}"
        )


def _columns(warehouse: Warehouse, table: str) -> set[str]:
    schema, _, name = table.partition(".")
    return {
        row[0]
        for row in warehouse.query(
            "SELECT column_name FROM duckdb_columns() WHERE schema_name = ? AND table_name = ?",
            (schema, name),
        )
    }


def _fetch(container: Container, backup: str, part: Part, folder: Path) -> Path:
    data = container.read(f"{backup}/{part.name}")
    if hashlib.sha256(data).hexdigest() != part.sha256:
        raise DataError(
            f"{container.label}: {container.name}/{backup}/{part.name} is not what the manifest "
            "says: it was changed or cut short",
            hint="Take another backup: `mainstem restore --list` shows those that there are.",
        )
    path = folder / "part.parquet"
    path.write_bytes(data)
    return path
