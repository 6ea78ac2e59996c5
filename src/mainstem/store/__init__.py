"""Blob stores by address: accounts, containers, conditional create, and the names in them.

All other rooms reach a store through these names; obstore and Azure's REST stay inside.
"""

from mainstem.store.account import Account
from mainstem.store.append import MOST_BLOCK_BYTES, MOST_BLOCKS, AppendBlobs
from mainstem.store.azure_copy import ServerCopy
from mainstem.store.azure_traits import BlobTraits
from mainstem.store.container import Container, ObjectInfo
from mainstem.store.errors import (
    ContainerMissing,
    ContentConflict,
    ObjectMissing,
    StoreRefused,
    StoreUnavailable,
)
from mainstem.store.heads import HEADS, Head, SignedHead, is_signed
from mainstem.store.ledger import Mark, Reading, advance, new_places, read_entries, utc_day
from mainstem.store.names import (
    INDEX,
    LEDGER,
    READS,
    RETENTION,
    EntryPlace,
    central_container,
    entry_beside,
    entry_place,
    has_segment_id,
    head_name,
    head_place,
    index_name,
    is_entry,
    is_head,
    lines_name,
    named_day,
    numbered_name,
)
from mainstem.store.proofs import PROOFS, Proof, ProofKind, read_proofs, write_proof
from mainstem.store.removals import (
    Cleared,
    Reason,
    Removal,
    RemovalStep,
    read_removals,
    recent_removals,
    write_removal,
)

__all__ = [
    "HEADS",
    "INDEX",
    "LEDGER",
    "MOST_BLOCKS",
    "MOST_BLOCK_BYTES",
    "PROOFS",
    "READS",
    "RETENTION",
    "Account",
    "AppendBlobs",
    "BlobTraits",
    "Cleared",
    "Container",
    "ContainerMissing",
    "ContentConflict",
    "EntryPlace",
    "Head",
    "Mark",
    "ObjectInfo",
    "ObjectMissing",
    "Proof",
    "ProofKind",
    "Reading",
    "Reason",
    "Removal",
    "RemovalStep",
    "ServerCopy",
    "SignedHead",
    "StoreRefused",
    "StoreUnavailable",
    "advance",
    "central_container",
    "entry_beside",
    "entry_place",
    "has_segment_id",
    "head_name",
    "head_place",
    "index_name",
    "is_entry",
    "is_head",
    "is_signed",
    "lines_name",
    "named_day",
    "new_places",
    "numbered_name",
    "read_entries",
    "read_proofs",
    "read_removals",
    "recent_removals",
    "utc_day",
    "write_proof",
    "write_removal",
]
