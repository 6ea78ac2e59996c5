"""Are the signed heads of a ledger, or of a witness, in the hand of the region's collector."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from mainstem.books.breach import Breach
from mainstem.privacy import PublicKey, read_public_keys
from mainstem.store import Head, SignedHead, is_signed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from mainstem.config.platform import Platform, Region
    from mainstem.records import LedgerEntry
    from mainstem.store import Container


class Wrong(NamedTuple):
    """What is wrong with an object that ought to be a signed head."""

    breach: Breach
    place: str
    detail: str


@dataclass(frozen=True)
class PublicKeys:
    """The public keys by which a region's heads are checked; without any, `reason` says why.

    At the centre a region's chains are in the hand of the central collector.
    """

    keys: Mapping[str, PublicKey]
    reason: str | None = None

    @classmethod
    def of(cls, platform: Platform, region: Region) -> PublicKeys:
        """Read a region's list, and the centre's where the region forwards to it."""
        lists = [region.public_keys]
        if platform.central is not None and region.name in platform.central.origins:
            lists.append(platform.central.public_keys)
        found = [key for path in lists if path is not None for key in read_public_keys(path)]
        if found:
            return cls({key.id: key for key in found})
        return cls(
            {},
            f"there is no list of its public keys here ({region.public_keys}): copy it from the "
            "collector's machine",
        )

    @property
    def since_unix_nano(self) -> float:
        """The time from which on every head has to be there."""
        times = [datetime.fromisoformat(key.since).timestamp() for key in self.keys.values()]
        return min(times) * 1e9 if times else float("inf")

    def wrong(self, signed: SignedHead) -> tuple[Breach, str] | None:
        """Say what is wrong with a signature; None where it is good, or nobody can tell."""
        if not self.keys:
            return None
        key = self.keys.get(signed.key)
        if key is None:
            return Breach.SIGNING_KEY_UNKNOWN, f"{signed.key} is none of the region's public keys"
        if not key.fits(signed.statement, signed.signature):
            return Breach.SIGNATURE_WRONG, f"it is not the signature of key {key.id}"
        if not key.covers(signed.head.at_unix_nano):
            return Breach.SIGNING_KEY_UNKNOWN, f"key {key.id} was in use until {key.until}"
        return None


@dataclass
class SignedHeads:
    """The heads in a container whose signatures are good, and what is wrong with the others.

    `names` are all that are there.
    """

    names: list[str] = field(default_factory=list)
    heads: list[Head] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)


def read_signed_heads(
    container: Container, names: Iterable[str], region: str, keys: PublicKeys, *, under: str = ""
) -> SignedHeads:
    """Read and check signed heads; at a witness their names stand `under` the region's."""
    found = SignedHeads(list(names))
    for name, data in container.read_each(found.names):
        place = f"{container.name}/{name}"
        try:
            signed = SignedHead.parse(data)
        except (ValueError, KeyError, TypeError):
            found.wrong.append(Wrong(Breach.SIGNATURE_WRONG, place, "this is no signed head"))
            continue
        if signed.head.region != region or name != under + signed.name:
            detail = "it is the head of another entry"
            found.wrong.append(Wrong(Breach.SIGNATURE_WRONG, place, detail))
        elif (wrong := keys.wrong(signed)) is not None:
            found.wrong.append(Wrong(wrong[0], place, wrong[1]))
        else:
            found.heads.append(signed.head)
    return found


def unsigned_entries(
    entries: Iterable[LedgerEntry], signed: Collection[int], keys: PublicKeys
) -> Iterator[LedgerEntry]:
    """List an instance's entries that ought to have a signed head and have none.

    `signed` are the numbers of those that have one, good or wrong. Heads are signed since the first
    of the region's keys, or the first head. The newest may be on its way.
    """
    first = min(signed, default=float("inf"))
    wanted = [
        entry
        for entry in entries
        if is_signed(entry) and (entry.seq >= first or entry.at_unix_nano >= keys.since_unix_nano)
    ]
    yield from (entry for entry in wanted[:-1] if entry.seq not in signed)
