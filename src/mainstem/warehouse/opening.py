"""Which engine a platform's warehouse is on, and how commands get to it."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mainstem.config.warehouse import Engine
from mainstem.errors import UsageError
from mainstem.warehouse.destination import NoWarehouse
from mainstem.warehouse.duckdb import DuckDBWarehouse, open_file, open_memory
from mainstem.warehouse.schema import bring_forward, expect_tables, schema_version
from mainstem.warehouse.secret import read_secret
from mainstem.warehouse.spark import finished_reading, open_lake
from mainstem.warehouse.tables import BOOKS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from mainstem.config.platform import Platform
    from mainstem.warehouse.destination import Warehouse
    from mainstem.warehouse.spark import SparkReading

_NOT_COMPARED = ("request_digests", "foreign_lines", "schema_versions")
"""What no comparison asks for: two are long, and the last is the session's own."""


@contextmanager
def open_warehouse(platform: Platform, *, read_only: bool = False) -> Iterator[Warehouse]:
    """Open a platform's warehouse, to write or only to read.

    WarehouseBusy where another process holds it, NoWarehouse where a reader finds none.
    """
    if platform.warehouse.engine is Engine.POSTGRESQL:
        with _server(platform, read_only=read_only) as database:
            if read_only and not schema_version(database):
                raise NoWarehouse(
                    f"there are no tables in the warehouse {database.label} yet",
                    hint="Run `mainstem load` first.",
                )
            yield database
    else:
        with open_file(platform.warehouse_path, read_only=read_only) as file:
            yield file


@contextmanager
def open_books(platform: Platform) -> Iterator[tuple[DuckDBWarehouse, Warehouse | SparkReading]]:
    """Give a DuckDB session that has the load's own tables, and the warehouse they are from.

    Whoever compares them with ledgers and stores does so in the session, which is the warehouse
    itself where that is DuckDB's file. Records are in the warehouse only. Before the first load the
    session is empty, and is the warehouse.
    """
    with _loaded(platform) as warehouse:
        if isinstance(warehouse, DuckDBWarehouse):
            yield warehouse, warehouse
            return
        with open_memory(_label(platform)) as session:
            bring_forward(session)
            if warehouse is not None:
                names = {table.name for table in BOOKS}.difference(_NOT_COMPARED)
                _copy(warehouse, session, names)
            yield session, warehouse or session


@contextmanager
def copy_books(platform: Platform, tables: Collection[str]) -> Iterator[DuckDBWarehouse]:
    """Give a DuckDB session in memory with copies of some of the load's own tables, to add to.

    The warehouse is let go once they are copied.
    """
    with open_memory(_label(platform)) as copy:
        bring_forward(copy)
        with _loaded(platform) as warehouse:
            if warehouse is not None:
                _copy(warehouse, copy, tables)
        yield copy


@contextmanager
def _loaded(platform: Platform) -> Iterator[Warehouse | SparkReading | None]:
    """Open a warehouse whose tables are this version's, to read it; None before the first load."""
    if platform.warehouse.engine is Engine.SPARK:
        with open_lake(platform) as lake:
            yield finished_reading(lake)
    elif platform.warehouse.engine is Engine.POSTGRESQL:
        with _server(platform, read_only=True) as database:
            is_new = not schema_version(database)
            if not is_new:
                expect_tables(database)
            yield None if is_new else database
    elif (path := platform.warehouse_path).exists():
        with open_file(path, read_only=True) as file:
            expect_tables(file)
            yield file
    else:
        yield None


def _label(platform: Platform) -> str:
    place = platform.warehouse
    if place.engine is Engine.POSTGRESQL:
        return place.place.label
    # Not the address of Spark, which may have a token in it.
    return place.engine if place.engine is Engine.SPARK else str(platform.warehouse_path)


@contextmanager
def hold_for_others(platform: Platform) -> Iterator[None]:
    """Be the warehouse's one writer while another program, started from here, writes to it.

    DuckDB's file is that program's own to hold. WarehouseBusy where another process writes.
    """
    if platform.warehouse.engine is Engine.POSTGRESQL:
        with _server(platform):
            yield
    else:
        yield


def connection_settings(platform: Platform) -> dict[str, str]:
    """Give host, port, user, password, database and libpq's options, for another client."""
    place = platform.warehouse.place
    return {
        "host": place.host,
        "port": str(place.port),
        "user": place.user,
        "password": read_secret(platform.warehouse.password, platform.directory) or "",
        "database": place.database,
        **place.options,
    }


@contextmanager
def new_warehouse(platform: Platform) -> Iterator[Warehouse]:
    """Make a platform's warehouse with its tables; it is there at the end, or not at all.

    UsageError where there is one already.
    """
    if platform.warehouse.engine is Engine.POSTGRESQL:
        with _server(platform) as database:
            if schema_version(database):
                raise _in_the_way(database.label)
            with database.transaction():
                bring_forward(database)
                yield database
    else:
        with _new_file(platform.warehouse_path) as warehouse:
            yield warehouse


@contextmanager
def _new_file(path: Path) -> Iterator[Warehouse]:
    if path.exists():
        raise _in_the_way(str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".restore-") as folder:
        unfinished = Path(folder) / path.name
        with open_file(unfinished) as warehouse:
            bring_forward(warehouse)
            yield warehouse
            warehouse.define("CHECKPOINT")
        unfinished.rename(path)


@contextmanager
def _server(platform: Platform, *, read_only: bool = False) -> Iterator[Warehouse]:
    # Only who has a server loads its driver.
    from mainstem.warehouse.postgres import open_database  # noqa: PLC0415

    with open_database(platform, read_only=read_only) as database:
        yield database


def _in_the_way(place: str) -> UsageError:
    return UsageError(
        f"there is a warehouse at {place}, and a restore replaces none",
        hint="Move it away first, or name another one in the platform file.",
    )


def _copy(
    warehouse: Warehouse | SparkReading, session: DuckDBWarehouse, names: Collection[str]
) -> None:
    for table in BOOKS:
        if table.name in names:
            session.append(table.path, warehouse.read(table))
