"""The two places where a region's ledger and blobs stand, and what the ledger there holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from mainstem.books.breach import Breach, Finding
from mainstem.books.signatures import PublicKeys, SignedHeads, read_signed_heads
from mainstem.records import LedgerEntry, Signal, local_class
from mainstem.replicate import travels
from mainstem.store import LEDGER, Account, central_container, is_entry, is_head

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mainstem.books.breach import Verification
    from mainstem.config.platform import Platform, Region
    from mainstem.store import Container

Entries = dict[tuple[str, int], LedgerEntry]
"""A ledger's entries by instance and number."""


@dataclass(frozen=True)
class Copy:
    """One of the two places where a region's ledger and blobs stand."""

    region: Region
    store: str
    account: Account
    """The ledger's; `others` are those of signals that are elsewhere."""
    others: Mapping[Signal, Account] = field(default_factory=dict)

    @property
    def ledger(self) -> Container:
        """Its ledger's container."""
        return self.account.container(self._named(LEDGER))

    def blobs_of(self, entry: LedgerEntry) -> Container | None:
        """Get the container that an entry's blob stands in; None where none should be here."""
        if entry.blob is None or entry.signal is None:
            return None
        if self.store == "region":
            # Another class may be in another store.
            here = entry.container_class in (None, entry.signal, local_class(entry.signal))
            return self.account.container(entry.blob.container) if here else None
        of_the_centre = entry.blob.container == self._named(entry.signal.value)
        if not of_the_centre and not travels(self.region, entry, past=True):
            return None
        account = self.others.get(entry.signal, self.account)
        return account.container(self._named(entry.signal.value))

    def finding(self, breach: Breach, place: str, detail: str) -> Finding:
        """Make a finding in this copy."""
        return Finding(breach, self.region.name, self.store, place, detail)

    def _named(self, name: str) -> str:
        return name if self.store == "region" else central_container(self.region.name, name)


def copies_of(platform: Platform, region: Region) -> Iterator[Copy]:
    """List the copies that this platform file can reach."""
    if region.store is not None:
        yield Copy(region, "region", Account.open(region.store, platform.directory))
    centre = platform.centre_of(region.name)
    if centre is not None:
        others = {
            signal: Account.open(address, platform.directory)
            for signal in Signal
            if (address := platform.centre_of(region.name, signal) or centre) != centre
        }
        yield Copy(region, "centre", Account.open(centre, platform.directory), others)


@dataclass(frozen=True)
class Ledger:
    """What a copy's ledger holds."""

    copy: Copy
    entries: Entries
    signed: SignedHeads

    @cached_property
    def by_instance(self) -> Mapping[str, list[LedgerEntry]]:
        """The entries of each instance, in order."""
        found: dict[str, list[LedgerEntry]] = {}
        for _, entry in sorted(self.entries.items()):
            found.setdefault(entry.instance, []).append(entry)
        return found


def read_ledger(copy: Copy, keys: PublicKeys, result: Verification) -> Ledger:
    """Read each entry's own object, also where the end of its hour repeats it."""
    ledger = copy.ledger
    listed = [info.name for info in ledger.list()]
    entries = {}
    for name, data in ledger.read_each(list(filter(is_entry, listed))):
        try:
            entry = LedgerEntry.parse(data)
        except (ValueError, KeyError, TypeError, AttributeError):
            place = f"{ledger.name}/{name}"
            result.findings.append(
                copy.finding(Breach.ENTRY_REWRITTEN, place, "this is not a ledger entry")
            )
        else:
            entries[entry.instance, entry.seq] = entry
    result.entries += len(entries)
    signed = read_signed_heads(ledger, filter(is_head, listed), copy.region.name, keys)
    result.findings += [copy.finding(*wrong) for wrong in signed.wrong]
    result.heads += len(signed.heads)
    if keys.reason is not None and signed.heads:
        result.unchecked[copy.region.name] = keys.reason
    return Ledger(copy, entries, signed)
