"""The warehouse: one definition of its tables, and the engines that can keep them.

`destination` is what rooms above work with, `duckdb` an engine, `tables` what is kept, `schema`
brings a warehouse to this version, `opening` chooses the engine by the platform file.
"""

from mainstem.warehouse.destination import (
    NoWarehouse,
    Row,
    Warehouse,
    WarehouseBusy,
    WarehouseFailed,
    quoted,
)
from mainstem.warehouse.duckdb import DuckDBWarehouse
from mainstem.warehouse.opening import (
    connection_settings,
    copy_books,
    hold_for_others,
    new_warehouse,
    open_books,
    open_warehouse,
)
from mainstem.warehouse.schema import SchemaNewer, bring_forward, expect_tables
from mainstem.warehouse.tables import Table, all_tables

__all__ = [
    "DuckDBWarehouse",
    "NoWarehouse",
    "Row",
    "SchemaNewer",
    "Table",
    "Warehouse",
    "WarehouseBusy",
    "WarehouseFailed",
    "all_tables",
    "bring_forward",
    "connection_settings",
    "copy_books",
    "expect_tables",
    "hold_for_others",
    "new_warehouse",
    "open_books",
    "open_warehouse",
    "quoted",
]
