"""From the warehouse to a store: table by table, in files of some 64 MB, the manifest last."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from mainstem import __version__
from mainstem.backup.manifest import CONTAINER, Manifest, Part, TableParts
from mainstem.backup.sums import tables_of_sums
from mainstem.warehouse import all_tables, expect_tables, open_warehouse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mainstem.config.platform import Platform
    from mainstem.store import Account, Container
    from mainstem.warehouse import Table, Warehouse

PART_BYTES = 64_000_000
NOT_DATA = "bronze.schema_versions"
"""What a restore writes of its own."""


def back_up(
    platform: Platform, account: Account, progress: Callable[[str], None] = lambda _: None
) -> Manifest:
    """Write all that loads brought into the store's container `backup`, under the time of now.

    Of closed days it writes what the models hold, since their detail has decayed.

    What is written is of one moment: readers of DuckDB's file keep writers out, and PostgreSQL
    shows one snapshot. WarehouseBusy while a load or a build holds DuckDB's file.
    """
    name = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    account.ensure_container(CONTAINER)
    container = account.container(CONTAINER)
    with open_warehouse(platform, read_only=True) as warehouse:
        expect_tables(warehouse)
        tables = []
        wanted = [*all_tables(), *tables_of_sums(warehouse)]
        for table in sorted(wanted, key=lambda table: table.path):
            if table.path != NOT_DATA:
                progress(table.path)
                tables.append(_write_table(warehouse, table, container, name))
        newest = warehouse.value("SELECT max(load_id) FROM bronze.loads") or 0
    manifest = Manifest(name, platform.environment, __version__, newest, tuple(tables))
    manifest.write(container)
    return manifest


def _write_table(
    warehouse: Warehouse, table: Table, container: Container, backup: str
) -> TableParts:
    parts: list[Part] = []
    rows = 0
    for count, data in _files(warehouse, table):
        name = f"{table.path}/{len(parts):06}.parquet"
        part = Part(name, len(data), hashlib.sha256(data).hexdigest())
        container.create(f"{backup}/{part.name}", data, part.sha256)
        parts.append(part)
        rows += count
    return TableParts(table.path, rows, tuple(parts))


def _files(warehouse: Warehouse, table: Table) -> Iterator[tuple[int, bytes]]:
    """Give a table's rows as Parquet files, with the rows in each; memory holds one file."""
    batches = iter(warehouse.read(table))
    batch = next(batches, None)
    while batch is not None:
        sink, rows = io.BytesIO(), 0
        with pq.ParquetWriter(sink, batch.schema, compression="zstd") as writer:
            while batch is not None and sink.tell() < PART_BYTES:
                writer.write_batch(batch)
                rows += len(batch)
                batch = next(batches, None)
        yield rows, sink.getvalue()
