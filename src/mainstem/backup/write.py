"""From the warehouse to a store: table by table, in files of some 64 MB, the manifest last."""

from __future__ import annotations

import hashlib
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mainstem import __version__
from mainstem.backup.manifest import CONTAINER, Manifest, Part, TableParts
from mainstem.load import open_warehouse
from mainstem.load.schema import expect_tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from mainstem.config.platform import Platform
    from mainstem.load import Warehouse
    from mainstem.store import Account, Container

PART_BYTES = 64_000_000
SCHEMAS = ("bronze", "sources")


def back_up(
    platform: Platform, account: Account, progress: Callable[[str], None] = lambda _: None
) -> Manifest:
    """Write all that loads brought into the store's container `backup`, under the time of now.

    Readers and writers of DuckDB's file keep each other out, so what is written is of one moment.
    WarehouseBusy while a load or a build runs.
    """
    name = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    account.ensure_container(CONTAINER)
    container = account.container(CONTAINER)
    with open_warehouse(platform.warehouse_path, read_only=True) as warehouse:
        expect_tables(warehouse)
        tables = []
        for schema, table in warehouse.query(
            "SELECT schema_name, table_name FROM duckdb_tables() "
            "WHERE schema_name IN ($1, $2) ORDER BY ALL",
            SCHEMAS,
        ):
            progress(f"{schema}.{table}")
            tables.append(_write_table(warehouse, f"{schema}.{table}", container, name))
        newest = warehouse.value("SELECT max(load_id) FROM bronze.loads") or 0
    manifest = Manifest(name, platform.environment, __version__, newest, tuple(tables))
    manifest.write(container)
    return manifest


def _write_table(warehouse: Warehouse, table: str, container: Container, backup: str) -> TableParts:
    rows = int(warehouse.value(f"SELECT count(*) FROM {table}"))  # noqa: S608
    parts = []
    with tempfile.TemporaryDirectory(dir=warehouse.path.parent, prefix=".backup-") as folder:
        warehouse.connection.execute(
            f"COPY {table} TO '{folder}/parts' (FORMAT parquet, COMPRESSION zstd, "
            f"PER_THREAD_OUTPUT false, FILE_SIZE_BYTES {PART_BYTES})"
        )
        for number, path in enumerate(sorted(Path(folder).rglob("*.parquet"), key=_order)):
            data = path.read_bytes()
            part = Part(f"{table}/{number:06}.parquet", len(data), hashlib.sha256(data).hexdigest())
            container.create(f"{backup}/{part.name}", data, part.sha256)
            parts.append(part)
            path.unlink()
    return TableParts(table, rows, tuple(parts))


def _order(path: Path) -> tuple[int, str]:
    """Sort DuckDB's `data_2.parquet` before its `data_10.parquet`."""
    return len(path.name), path.name
