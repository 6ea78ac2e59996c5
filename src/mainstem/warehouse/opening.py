"""Which engine a platform's warehouse is on, and how commands get to it."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mainstem.config.warehouse import Engine
from mainstem.errors import UsageError
from mainstem.warehouse.duckdb import DuckDBWarehouse, open_file, open_memory
from mainstem.warehouse.schema import bring_forward, expect_tables
from mainstem.warehouse.spark import finished_reading, open_lake
from mainstem.warehouse.tables import BOOKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mainstem.config.platform import Platform
    from mainstem.warehouse.destination import Warehouse
    from mainstem.warehouse.spark import SparkReading

_NOT_COMPARED = ("request_digests", "schema_versions")
"""What no comparison asks for: the one is long, the other the session's own."""


@contextmanager
def open_warehouse(where: Platform | Path, *, read_only: bool = False) -> Iterator[Warehouse]:
    """Open a platform's warehouse, or a DuckDB file by its path, to write or only to read.

    WarehouseBusy where another process holds it, UsageError where a reader finds none.
    """
    path = where if isinstance(where, Path) else where.warehouse_path
    with open_file(path, read_only=read_only) as warehouse:
        yield warehouse


@contextmanager
def open_books(platform: Platform) -> Iterator[tuple[DuckDBWarehouse, Warehouse | SparkReading]]:
    """Give a DuckDB session that has the load's own tables, and the warehouse they are from.

    Whoever compares them with ledgers and stores does so in the session, which is the warehouse
    itself where that is DuckDB's file. Records are in the warehouse only. Before the first load the
    session is empty, and is the warehouse.
    """
    if platform.warehouse.engine is Engine.SPARK:
        with open_lake(platform) as lake, open_memory(lake.account.label) as session:
            bring_forward(session)
            reading = finished_reading(lake)
            if reading is not None:
                names = {table.name for table in BOOKS}.difference(_NOT_COMPARED)
                _copy(reading, session, names)
            yield session, reading or session
    elif (path := platform.warehouse_path).exists():
        with open_file(path, read_only=True) as warehouse:
            expect_tables(warehouse)
            yield warehouse, warehouse
    else:
        with open_memory(str(path)) as empty:
            bring_forward(empty)
            yield empty, empty


@contextmanager
def new_warehouse(platform: Platform) -> Iterator[Warehouse]:
    """Make a platform's warehouse with its tables; it is there at the end, or not at all.

    UsageError where there is one already.
    """
    path = platform.warehouse_path
    if path.exists():
        raise UsageError(
            f"there is a warehouse at {path}, and a restore replaces none",
            hint="Move it away first, or name another one in the platform file.",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".restore-") as folder:
        unfinished = Path(folder) / path.name
        with open_file(unfinished) as warehouse:
            bring_forward(warehouse)
            yield warehouse
            warehouse.define("CHECKPOINT")
        unfinished.rename(path)


@contextmanager
def copy_books(platform: Platform, tables: Iterable[str]) -> Iterator[DuckDBWarehouse]:
    """Give a DuckDB session in memory with copies of some of the load's own tables, to add to."""
    with open_memory(platform.warehouse.address) as copy:
        bring_forward(copy)
        with open_books(platform) as (_, warehouse):
            _copy(warehouse, copy, tables)
        yield copy


def _copy(
    warehouse: Warehouse | SparkReading, session: DuckDBWarehouse, tables: Iterable[str]
) -> None:
    for table in BOOKS:
        if table.name in tables:
            session.append(table.path, warehouse.read(table))
