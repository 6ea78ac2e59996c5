"""Are a ledger's entries those that were there before: in a chain, taken by a load, signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mainstem.books.breach import Breach
from mainstem.books.signatures import unsigned_entries
from mainstem.config.routes import Route
from mainstem.records import EntryKind, Signal
from mainstem.store import central_container, head_place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Set

    from mainstem.books.breach import Finding
    from mainstem.books.copies import Ledger
    from mainstem.books.evidence import Evidence
    from mainstem.books.signatures import PublicKeys
    from mainstem.books.witness import Held
    from mainstem.config.platform import Region
    from mainstem.records import LedgerEntry


@dataclass(frozen=True)
class Chains:
    """A copy's entries beside each other, beside what was taken from here, and what was signed."""

    evidence: Evidence
    ledger: Ledger
    held: Held
    keys: PublicKeys
    elsewhere: Set[str]
    """Instances of the region that its own store has nothing of."""

    def findings(self) -> Iterator[Finding]:
        """Name what is missing or not what it was."""
        taken, cleared = known_entries(self.evidence, self.ledger.copy.region.name)
        taken = {key: sha256 for key, sha256 in taken.items() if self._belongs(key[0])}
        signed = {(each.instance, each.seq): each.sha256 for each in self.ledger.signed.heads}
        signed |= {key: sha256 for key, sha256 in self.held.heads.items() if self._vouched(key[0])}
        missing: dict[str, list[int]] = {}
        for instance, seq in sorted((signed | taken).keys() - self.ledger.entries.keys()):
            if seq > cleared.get(instance, -1):
                missing.setdefault(instance, []).append(seq)
        for instance in sorted(self.ledger.by_instance.keys() | missing.keys()):
            yield from self._missing(instance, missing.get(instance, []))
            yield from self._rewritten(instance, signed, taken)
            if self._vouched(instance):
                yield from self._unsigned(instance)

    def _belongs(self, instance: str) -> bool:
        return self.ledger.copy.store == "centre" or instance not in self.elsewhere

    def _vouched(self, instance: str) -> bool:
        """Tell whether this copy is the first one: another may lack what has not travelled yet."""
        return (self.ledger.copy.store == "centre") == (instance in self.elsewhere)

    def _of(self, instance: str) -> list[LedgerEntry]:
        return self.ledger.by_instance.get(instance, [])

    def _place(self, instance: str, seq: int | None = None) -> str:
        place = f"{self.ledger.copy.ledger.name}, instance {instance}"
        return place if seq is None else f"{place}, entry {seq}"

    def _missing(self, instance: str, missing: list[int]) -> Iterator[Finding]:
        here = self._of(instance)
        finding, place = self.ledger.copy.finding, self._place(instance)
        if missing and not here:
            detail = f"its {len(missing)} known entries are gone"
            yield finding(Breach.INSTANCE_REMOVED, place, detail)
        elif missing:
            cut = missing[0] > here[-1].seq
            detail = f"entry {_span(missing)} is gone"
            yield finding(Breach.CHAIN_CUT if cut else Breach.ENTRY_REMOVED, place, detail)

    def _rewritten(
        self, instance: str, signed: dict[tuple[str, int], str], taken: dict[tuple[str, int], str]
    ) -> Iterator[Finding]:
        finding, known = self.ledger.copy.finding, signed | taken
        before = None
        for entry in self._of(instance):
            key, was = (instance, entry.seq), entry.sha256
            follows = before is None or before.seq != entry.seq - 1
            if taken.get(key, was) != was:
                detail = "it is not the one that was taken from here before"
                yield finding(Breach.ENTRY_REWRITTEN, self._place(*key), detail)
            elif signed.get(key, was) != was:
                detail = "it is not the one whose head was written down"
                yield finding(Breach.ENTRY_REWRITTEN, self._place(*key), detail)
            elif (
                before is not None
                and not follows
                and entry.previous != before.sha256
                and known.get((instance, before.seq), before.sha256) == before.sha256
            ):
                detail = f"entry {entry.seq} follows from another one"
                yield finding(Breach.ENTRY_REWRITTEN, self._place(instance, before.seq), detail)
            before = entry

    def _unsigned(self, instance: str) -> Iterator[Finding]:
        places = [head_place(name) for name in self.ledger.signed.names]
        signed = {place.seq for place in places if place.instance == instance}
        unsigned = [each.seq for each in unsigned_entries(self._of(instance), signed, self.keys)]
        if unsigned:
            detail = f"entry {_span(unsigned)} has no signed head"
            place = self._place(instance)
            yield self.ledger.copy.finding(Breach.SIGNATURE_MISSING, place, detail)


def known_entries(
    evidence: Evidence, region: str
) -> tuple[dict[tuple[str, int], str], dict[str, int]]:
    """Give the hashes of the entries that a load has taken, and what retention cleared since."""
    rows = evidence.warehouse.query(
        "SELECT instance, seq, entry_sha256 FROM bronze.ledger WHERE region = ?", (region,)
    )
    cleared = evidence.warehouse.query(
        "SELECT instance, max(seq) FROM cleared WHERE region = ? GROUP BY instance", (region,)
    )
    return {(instance, seq): sha256 for instance, seq, sha256 in rows}, dict(cleared)


def kept_at_the_centre(evidence: Evidence, region: Region, ledgers: Iterable[Ledger]) -> set[str]:
    """Tell the instances that the central collector keeps for a region that forwards to it.

    Before their first segment nothing tells whose they are, and there is nothing to miss.
    """
    if not any(region.route(signal) is Route.FORWARD for signal in Signal):
        return set()
    rows = evidence.warehouse.query(
        """
        SELECT instance FROM bronze.ledger WHERE region = $1 GROUP BY instance
        HAVING coalesce(bool_or(starts_with(container, $2)), false)
            OR count(*) FILTER (kind = 'segment') = 0
        """,
        (region.name, central_container(region.name, "")),
    )
    here = {
        instance
        for ledger in ledgers
        if ledger.copy.store == "centre"
        for instance, entries in ledger.by_instance.items()
        if _kept_here(region, entries)
    }
    return {instance for (instance,) in rows} | here


def _kept_here(region: Region, entries: Iterable[LedgerEntry]) -> bool:
    containers = [
        entry.blob.container if entry.blob is not None else ""
        for entry in entries
        if entry.kind is EntryKind.SEGMENT
    ]
    of_the_centre = central_container(region.name, "")
    return not containers or any(each.startswith(of_the_centre) for each in containers)


def _span(numbers: list[int]) -> str:
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
