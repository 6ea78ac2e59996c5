"""Bring blobs into the warehouse's bronze tables, each record once.

`plan` decides what is new, `blob` takes one in, `duckdb` is the destination, `ledger` remembers.
"""

from mainstem.load.duckdb import Warehouse, WarehouseBusy, open_warehouse
from mainstem.load.preview import Preview, preview_load
from mainstem.load.run import LoadResult, load

__all__ = [
    "LoadResult",
    "Preview",
    "Warehouse",
    "WarehouseBusy",
    "load",
    "open_warehouse",
    "preview_load",
]
