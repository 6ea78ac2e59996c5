"""Signed heads: which entry a chain had at a time, in the collector's own hand.

`<seq>.head` stands beside the entry that it is of, `ledger/YYYY/MM/DD/<instance>/<seq>.json`, and
with the same bytes at a witness. Two lines of JSON: what is said, and who signed that line's bytes.
An entry names the one before it by its hash, so that a head vouches for all that is before it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from mainstem.records import EntryKind, entry_name
from mainstem.store.errors import ContentConflict
from mainstem.store.ledger import utc_day
from mainstem.store.names import head_name

if TYPE_CHECKING:
    from mainstem.records import LedgerEntry
    from mainstem.store.container import Container

FORMAT = "mainstem.head/1"
HEADS = "heads"
"""The container of a witness."""
HOUR_S = 3600
BEGINNING_S = 360
"""A heartbeat comes every 5 minutes: one or two of them lie in each hour's first six."""


class Signer(Protocol):
    """Whoever can sign: a key with its id."""

    @property
    def id(self) -> str:
        """The key's id."""

    def sign(self, message: bytes) -> bytes:
        """Sign."""


@dataclass(frozen=True)
class Head:
    """An entry of a chain at a time: its number, and the SHA-256 of its object."""

    region: str
    instance: str
    seq: int
    sha256: str
    at_unix_nano: int


@dataclass(frozen=True)
class SignedHead:
    """A head, the bytes that say so, and who signed them."""

    head: Head
    statement: bytes
    key: str
    signature: bytes

    @classmethod
    def of(cls, entry: LedgerEntry, signer: Signer) -> SignedHead:
        """Sign an entry's head."""
        head = Head(entry.region, entry.instance, entry.seq, entry.sha256, entry.at_unix_nano)
        said = {"format": FORMAT, **vars(head), "at_unix_nano": str(head.at_unix_nano)}
        statement = json.dumps(said, separators=(",", ":")).encode()
        return cls(head, statement, signer.id, signer.sign(statement))

    @classmethod
    def parse(cls, data: bytes) -> SignedHead:
        """Read an object; ValueError, KeyError or TypeError where it is none."""
        statement, _, rest = data.partition(b"\n")
        said: dict[str, Any] = json.loads(statement)
        if said.pop("format") != FORMAT:
            raise ValueError(f"not of format {FORMAT}")
        head = Head(**{**said, "at_unix_nano": int(said["at_unix_nano"])})
        signed = json.loads(rest)
        return cls(head, statement, str(signed["key"]), bytes.fromhex(signed["signature"]))

    @property
    def data(self) -> bytes:
        """The object's bytes."""
        signed = {"key": self.key, "signature": self.signature.hex()}
        return self.statement + b"\n" + json.dumps(signed, separators=(",", ":")).encode() + b"\n"

    @property
    def name(self) -> str:
        """Its name in the ledger."""
        head = self.head
        return head_name(entry_name(utc_day(head.at_unix_nano), head.instance, head.seq))

    @property
    def witness_name(self) -> str:
        """Its name in the container of a witness."""
        return f"{self.head.region}/{self.name}"

    def create(self, container: Container, name: str) -> None:
        """Write it once; one that says the same in the hand of another key counts as the same.

        A key may be rotated between a write and its repetition. ContentConflict where what is
        there says something else.
        """
        try:
            container.create(name, self.data)
        except ContentConflict:
            if container.read(name).partition(b"\n")[0] != self.statement:
                raise


def is_signed(entry: LedgerEntry) -> bool:
    """Tell whether an entry's head is signed: a chain's first, an hour's end, or once an hour."""
    if entry.kind is EntryKind.HEARTBEAT:
        return entry.at_unix_nano // 1_000_000_000 % HOUR_S < BEGINNING_S
    return entry.kind in (EntryKind.GENESIS, EntryKind.HOUR_CLOSED)
