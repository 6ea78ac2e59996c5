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
from mainstem.store.ledger import Mark, Reading, advance, new_places, read_entries, utc_day
from mainstem.store.names import (
    LEDGER,
    EntryPlace,
    central_container,
    entry_place,
    has_segment_id,
    is_entry,
    lines_name,
)

__all__ = [
    "LEDGER",
    "Account",
    "Container",
    "ContainerMissing",
    "ContentConflict",
    "EntryPlace",
    "Mark",
    "ObjectInfo",
    "ObjectMissing",
    "Reading",
    "StoreRefused",
    "StoreUnavailable",
    "advance",
    "central_container",
    "entry_place",
    "has_segment_id",
    "is_entry",
    "lines_name",
    "new_places",
    "read_entries",
    "utc_day",
]
