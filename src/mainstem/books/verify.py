"""Walk the ledger against the blobs and the warehouse, object by object, and name what is not so.

The books compare counts and trust what was read before; this reads everything anew: each entry, the
`.lines` and the blob that it commits to, in the region and in the centre, and each row that came of
them. Compared are

- an entry with the one before it, whose hash it names, and with the warehouse's copy of it;
- a blob and its `.lines` with the hashes in the entry;
- a blob's rows in bronze with the rows that it gives now;
- what is listed with what is committed to, less what retention recorded as removed.

Whoever holds all the copies could rewrite them all. So the verdict is "consistent" and never
"complete"; heads that another administrator holds narrow that down to what came after the last one.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mainstem.books.breach import Breach, Finding, Verification
from mainstem.books.evidence import ORPHAN_HOURS, Evidence, gather
from mainstem.books.rows import BlobRows, compare_rows
from mainstem.books.witness import Head, read_heads
from mainstem.config.routes import Route
from mainstem.records import EntryKind, LedgerEntry, Signal, entry_name, local_class
from mainstem.replicate import travels
from mainstem.store import (
    LEDGER,
    Account,
    ObjectMissing,
    central_container,
    is_entry,
    lines_name,
    utc_day,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mainstem.config.platform import Platform, Region
    from mainstem.store import Container

READERS = 8
BLOBS_AHEAD = 2
"""Blobs in memory beside the one that is compared."""

Entries = dict[tuple[str, int], LedgerEntry]
"""A ledger's entries by instance and number."""


@dataclass(frozen=True)
class Copy:
    """One of the two places where a region's ledger and blobs stand."""

    region: Region
    store: str
    account: Account

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
        if not of_the_centre and not travels(self.region, entry):
            return None
        return self.account.container(self._named(entry.signal.value))

    def finding(self, breach: Breach, place: str, detail: str) -> Finding:
        """Make a finding in this copy."""
        return Finding(breach, self.region.name, self.store, place, detail)

    def _named(self, name: str) -> str:
        return name if self.store == "region" else central_container(self.region.name, name)


def verify(
    platform: Platform,
    witness: Account | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Verification:
    """Read every entry, blob and row of the regions that this platform file can reach.

    With a witness, the heads that another administrator holds say what has to be there, too.
    """
    result = Verification()
    with gather(platform, progress) as evidence:
        result.unread, result.isolated = dict(evidence.unread), list(evidence.isolated)
        for region in platform.regions.values():
            if region.name in evidence.isolated or region.name in evidence.unread:
                continue
            heads: list[Head] = []
            if witness is not None:
                heads, result.witnessed[region.name] = read_heads(witness, region.name)
            for copy in _copies(platform, region):
                progress(f"{region.name}: reading its ledger in the {copy.store}")
                entries = _read_ledger(copy, result)
                result.findings += _chains(evidence, copy, entries, heads)
                walk = _Walk(evidence, copy, entries, result, progress)
                result.findings += walk.blobs(
                    loaded_from_here=platform.home == region.name or copy.store == "centre"
                )
    return result


def _copies(platform: Platform, region: Region) -> Iterator[Copy]:
    if region.store is not None:
        yield Copy(region, "region", Account.open(region.store, platform.directory))
    if platform.central is not None and platform.home != region.name:
        yield Copy(region, "centre", Account.open(platform.central.store, platform.directory))


def _read_ledger(copy: Copy, result: Verification) -> Entries:
    """Read each entry's own object, also where the end of its hour repeats it."""
    ledger = copy.ledger
    names = [info.name for info in ledger.list() if is_entry(info.name)]
    entries = {}
    with ThreadPoolExecutor(READERS) as readers:
        for name, data in zip(names, readers.map(ledger.read, names), strict=True):
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
    return entries


def _chains(
    evidence: Evidence, copy: Copy, entries: Entries, heads: Sequence[Head]
) -> Iterator[Finding]:
    """Compare the entries with each other, and with those that were taken from here before."""
    known, cleared = _known(evidence, copy.region.name)
    if copy.store == "region":
        elsewhere = _of_the_centre(evidence, copy.region)
        known = {key: sha256 for key, sha256 in known.items() if key[0] not in elsewhere}
        # The centre may lack what has not travelled yet.
        known = {(head.instance, head.seq): head.sha256 for head in heads} | known
    for instance in sorted({each for each, _ in [*entries, *known]}):
        here = sorted(seq for each, seq in entries if each == instance)
        missing = sorted(
            seq
            for each, seq in known
            if each == instance and seq not in here and seq > cleared.get(instance, -1)
        )
        place = f"{copy.ledger.name}, instance {instance}"
        if missing and not here:
            detail = f"its {len(missing)} entries are gone"
            yield copy.finding(Breach.INSTANCE_REMOVED, place, detail)
        elif missing:
            cut = missing[0] > here[-1]
            detail = f"entry {_span(missing)} is gone"
            yield copy.finding(Breach.CHAIN_CUT if cut else Breach.ENTRY_REMOVED, place, detail)
        for seq in here:
            entry, before = entries[instance, seq], entries.get((instance, seq - 1))
            was = known.get((instance, seq), entry.sha256)
            if was != entry.sha256:
                detail = "it is not the one that was taken from here before"
                yield copy.finding(Breach.ENTRY_REWRITTEN, f"{place}, entry {seq}", detail)
            elif (
                before is not None
                and entry.previous != before.sha256
                and known.get((instance, seq - 1), before.sha256) == before.sha256
            ):
                detail = f"entry {seq} follows from another one"
                yield copy.finding(Breach.ENTRY_REWRITTEN, f"{place}, entry {seq - 1}", detail)


def _known(evidence: Evidence, region: str) -> tuple[dict[tuple[str, int], str], dict[str, int]]:
    """Give the hashes of the entries that a load has taken, and what retention cleared since."""
    rows = evidence.warehouse.query(
        "SELECT instance, seq, entry_sha256 FROM bronze.ledger WHERE region = ?", (region,)
    )
    cleared = evidence.warehouse.query(
        "SELECT instance, max(seq) FROM cleared WHERE region = ? GROUP BY instance", (region,)
    )
    return {(instance, seq): sha256 for instance, seq, sha256 in rows}, dict(cleared)


def _of_the_centre(evidence: Evidence, region: Region) -> set[str]:
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
    return {instance for (instance,) in rows}


def _span(numbers: list[int]) -> str:
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"


@dataclass(frozen=True)
class _Walk:
    """The way over one copy's blobs."""

    evidence: Evidence
    copy: Copy
    entries: Entries
    result: Verification
    progress: Callable[[str], None]

    def blobs(self, *, loaded_from_here: bool) -> Iterator[Finding]:
        """Compare each blob with its entry and its rows, and what is listed with the entries."""
        wanted = [
            (entry, container)
            for entry in self.entries.values()
            if entry.kind is EntryKind.SEGMENT
            and (container := self.copy.blobs_of(entry)) is not None
        ]
        may_be_gone = _may_be_gone(self.evidence, self.copy)
        with ThreadPoolExecutor(BLOBS_AHEAD) as readers:
            contents = readers.map(lambda each: _contents(self.copy, *each), wanted)
            for number, ((entry, container), (data, lines)) in enumerate(
                zip(wanted, contents, strict=True)
            ):
                self.progress(
                    f"{self.copy.region.name}, {self.copy.store}: "
                    f"{number + 1} of {len(wanted)} blobs"
                )
                place = f"{container.name}/{entry.blob.name if entry.blob else ''}"
                if data is not None:
                    yield from self._blob(entry, place, data, lines, loaded_from_here)
                elif not may_be_gone(entry):
                    detail = f"entry {entry.seq} of {entry.instance} commits to it"
                    yield self.copy.finding(Breach.BLOB_REMOVED, place, detail)
        committed = {entry.blob.name for entry in self.entries.values() if entry.blob is not None}
        yield from _added(self.evidence, self.copy, committed)

    def _blob(
        self, entry: LedgerEntry, place: str, data: bytes, lines: bytes | None, loaded: bool
    ) -> Iterator[Finding]:
        self.result.blobs += 1
        self.result.bytes += len(data)
        if (breach := self._breach(entry, data, lines)) is not None:
            detail = f"it is not what entry {entry.seq} of {entry.instance} commits to"
            yield self.copy.finding(breach, place, detail)
        elif loaded and lines is not None:
            blob = BlobRows(entry, data, lines)
            yield from compare_rows(
                self.evidence.warehouse, self.copy.region.name, blob, self.result
            )

    def _breach(self, entry: LedgerEntry, data: bytes, lines: bytes | None) -> Breach | None:
        if entry.blob is None:
            return Breach.BLOB_ADDED
        if hashlib.sha256(data).hexdigest() != entry.blob.sha256:
            return Breach.BLOB_TRUNCATED if len(data) < entry.blob.bytes else Breach.BLOB_ALTERED
        if lines is None:
            # By then retention has removed them, also those of a blob that a legal hold keeps.
            aged = timedelta(days=self.copy.region.retention.longest_days)
            return None if _age(entry) > aged else Breach.LINES_ALTERED
        same = hashlib.sha256(lines).hexdigest() == entry.lines_sha256
        return None if same else Breach.LINES_ALTERED


def _contents(
    copy: Copy, entry: LedgerEntry, container: Container
) -> tuple[bytes | None, bytes | None]:
    """Read a blob and its `.lines`; None in place of what is not there."""
    day = utc_day(entry.at_unix_nano)
    lines = lines_name(entry_name(day, entry.instance, entry.seq))
    blob = entry.blob.name if entry.blob is not None else ""
    return _read(container, blob), _read(copy.ledger, lines)


def _read(container: Container, name: str) -> bytes | None:
    try:
        return container.read(name)
    except ObjectMissing:
        return None


def _age(entry: LedgerEntry) -> timedelta:
    return datetime.now(UTC) - datetime.fromtimestamp(entry.at_unix_nano / 1e9, UTC)


def _may_be_gone(evidence: Evidence, copy: Copy) -> Callable[[LedgerEntry], bool]:
    """Tell whose blob may be missing: retention removed it, it is old, or has not come here."""
    name = copy.region.name
    removed = {
        row[0]
        for row in evidence.warehouse.query(
            "SELECT name FROM removed WHERE region = ? AND store IN (?, '')", (name, copy.store)
        )
    }
    loaded = {
        row[0]
        for row in evidence.warehouse.query(
            "SELECT blob FROM bronze.load_blobs WHERE region = ?", (name,)
        )
    }

    def decide(entry: LedgerEntry) -> bool:
        if entry.blob is None or entry.signal is None or entry.blob.name in removed:
            return True
        kept = timedelta(days=copy.region.retention.days_of(entry.signal))
        if _age(entry) > kept:
            return True
        # A route that was opened later leaves older blobs where they are.
        return copy.store == "centre" and entry.blob.name not in loaded

    return decide


def _added(evidence: Evidence, copy: Copy, committed: set[str]) -> Iterator[Finding]:
    rows = evidence.warehouse.query(
        f"""
        SELECT container, name FROM blobs
        WHERE region = ? AND store = ? AND ours
            AND modified <= now()::TIMESTAMP - to_hours({ORPHAN_HOURS})
        ORDER BY ALL
        """,  # noqa: S608
        (copy.region.name, copy.store),
    )
    for container, name in rows:
        if name not in committed:
            yield copy.finding(Breach.BLOB_ADDED, f"{container}/{name}", "no entry commits to it")
