"""From a store to a new warehouse: every file checked, every row counted, and only then there."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from mainstem.backup.manifest import CONTAINER, Manifest, chosen
from mainstem.backup.sums import make_table
from mainstem.errors import DataError, UsageError
from mainstem.warehouse import new_warehouse
from mainstem.warehouse.tables import EXTRACT_COLUMNS, source_tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from mainstem.backup.manifest import Part, TableParts
    from mainstem.config.platform import Platform
    from mainstem.store import Account, Container
    from mainstem.warehouse import Warehouse


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
    with new_warehouse(platform) as warehouse:
        container = account.container(CONTAINER)
        manifest = Manifest.read(container, chosen(account, name))
        if manifest.environment != platform.environment:
            raise UsageError(
                f"backup {manifest.name} is of environment {manifest.environment}, and the "
                f"platform file's is {platform.environment}"
            )
        for table in manifest.tables:
            progress(table.table)
            _read_table(warehouse, table, container, manifest.name)
        for source in source_tables():
            # What an older version kept of the business files was left out: it is loaded anew.
            if not warehouse.value(f"SELECT count(*) FROM {source.path}"):  # noqa: S608
                warehouse.change("DELETE FROM bronze.source_files WHERE name = $1", (source.name,))
    return manifest


def _read_table(warehouse: Warehouse, table: TableParts, container: Container, backup: str) -> None:
    schema, name = table.table.split(".")
    known = set(warehouse.columns(schema, name))
    if not known and schema == "sources":
        return
    if not known and schema == "bronze":
        raise DataError(
            f"backup {backup} holds {table.table}, which this version does not know: a newer one "
            "made it",
            hint="Restore it with that version of mainstem.",
        )
    rows = 0
    for part in table.parts:
        file = pq.ParquetFile(pa.BufferReader(_fetch(container, backup, part)))
        if schema == "sources" and EXTRACT_COLUMNS[0].name not in file.schema_arrow.names:
            return
        if not known:
            make_table(warehouse, schema, name, file.schema_arrow)
            known = set(file.schema_arrow.names)
        if strange := sorted(set(file.schema_arrow.names) - known):
            raise DataError(
                f"backup {backup}: {table.table} has a column {strange[0]}, which this version "
                "does not know: a newer one made it",
                hint="Restore it with that version of mainstem.",
            )
        batches = pa.RecordBatchReader.from_batches(file.schema_arrow, file.iter_batches())
        rows += warehouse.append(table.table, batches)
    if rows != table.rows:
        raise DataError(
            f"backup {backup}: {table.table} gave {rows:,} rows, and its manifest says "
            f"{table.rows:,}"
        )


def _fetch(container: Container, backup: str, part: Part) -> bytes:
    data = container.read(f"{backup}/{part.name}")
    if hashlib.sha256(data).hexdigest() != part.sha256:
        raise DataError(
            f"{container.label}: {container.name}/{backup}/{part.name} is not what the manifest "
            "says: it was changed or cut short",
            hint="Take another backup: `mainstem restore --list` shows those that there are.",
        )
    return data
