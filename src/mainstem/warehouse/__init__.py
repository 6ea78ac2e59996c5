"""The warehouse: one definition of its tables, and the engines that can keep them.

`destination` is what rooms above work with, `duckdb` an engine, `tables` what is kept, `schema`
brings a warehouse to this version, `opening` chooses the engine by the platform file.
"""

from mainstem.warehouse.destination import Row, Warehouse, WarehouseBusy, WarehouseFailed
from mainstem.warehouse.duckdb import DuckDBWarehouse
from mainstem.warehouse.opening import copy_books, new_warehouse, open_books, open_warehouse
from mainstem.warehouse.schema import SchemaNewer, bring_forward, expect_tables
from mainstem.warehouse.tables import Table, all_tables

__all__ = [
    "DuckDBWarehouse",
    "Row",
    "SchemaNewer",
    "Table",
    "Warehouse",
    "WarehouseBusy",
    "WarehouseFailed",
    "all_tables",
    "bring_forward",
    "copy_books",
    "expect_tables",
    "new_warehouse",
    "open_books",
    "open_warehouse",
]
