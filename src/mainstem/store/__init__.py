"""Blob stores by address: accounts, containers, conditional create, and the names in them.

All other rooms reach a store through these names; obstore and Azure's REST stay inside.
"""

from mainstem.store.account import Account
from mainstem.store.container import Container, ObjectInfo
from mainstem.store.errors import (
    ContainerMissing,
    ContentConflict,
    ObjectMissing,
    StoreRefused,
    StoreUnavailable,
)
from mainstem.store.names import (
    LEDGER,
    central_container,
    entry_place,
    is_entry,
    lines_name,
)

__all__ = [
    "LEDGER",
    "Account",
    "Container",
    "ContainerMissing",
    "ContentConflict",
    "ObjectInfo",
    "ObjectMissing",
    "StoreRefused",
    "StoreUnavailable",
    "central_container",
    "entry_place",
    "is_entry",
    "lines_name",
]
