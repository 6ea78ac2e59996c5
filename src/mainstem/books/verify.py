"""Walk the ledger against the blobs and the warehouse, object by object, and name what is not so.

The books compare counts and trust what was read before; this reads everything anew: each entry, the
`.lines` and the blob that it commits to, in the region and in the centre, and each row that came of
them. Compared are

- an entry with the one before it, whose hash it names, with the warehouse's copy of it, and with
  the heads that its collector signed;
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
from mainstem.books.copies import copies_of, read_ledger
from mainstem.books.entries import Chains, kept_at_the_centre
from mainstem.books.evidence import ORPHAN_HOURS, Evidence, gather
from mainstem.books.proofs import proofs_of
from mainstem.books.rows import BlobRows, compare_rows
from mainstem.books.signatures import PublicKeys
from mainstem.books.witness import Held, read_heads
from mainstem.errors import DataError
from mainstem.records import EntryKind, LedgerEntry, entry_name
from mainstem.store import PROOFS, Account, ObjectMissing, lines_name, utc_day

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mainstem.books.copies import Copy, Entries
    from mainstem.config.platform import Platform, Region
    from mainstem.store import Container

BLOBS_AHEAD = 2
"""Blobs in memory beside the one that is compared."""


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
            result.findings += _proofs(platform, region)
            keys = PublicKeys.of(platform, region)
            held = _held(witness, region, keys, result)
            ledgers = []
            for copy in copies_of(platform, region):
                progress(f"{region.name}: reading its ledger in the {copy.store}")
                ledgers.append(read_ledger(copy, keys, result))
            elsewhere = kept_at_the_centre(evidence, region, ledgers)
            for ledger in ledgers:
                copy, entries = ledger.copy, ledger.entries
                chains = Chains(evidence, ledger, held, keys, elsewhere)
                result.findings += chains.findings()
                walk = _Walk(evidence, copy, entries, result, progress)
                result.findings += walk.blobs(
                    loaded_from_here=platform.home == region.name or copy.store == "centre"
                )
    return result


def _proofs(platform: Platform, region: Region) -> Iterator[Finding]:
    """Say whether a record of a verification or a scan is missing or was changed."""
    try:
        proofs_of(platform, region.name)
    except DataError as error:
        store = "region" if platform.home == region.name else "centre"
        yield Finding(Breach.PROOF_REWRITTEN, region.name, store, PROOFS, error.message)


def _held(witness: Account | None, region: Region, keys: PublicKeys, result: Verification) -> Held:
    """Read what a witness holds of a region."""
    if witness is None:
        return Held()
    held = read_heads(witness, region.name, keys)
    result.witnessed[region.name] = held.last
    result.findings += [
        Finding(each.breach, region.name, "witness", each.place, each.detail) for each in held.wrong
    ]
    return held


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
        gone = may_be_gone(self.evidence, self.copy)
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
                elif not gone(entry):
                    detail = f"entry {entry.seq} of {entry.instance} commits to it"
                    yield self.copy.finding(Breach.BLOB_REMOVED, place, detail)
        committed = {entry.blob.name for entry in self.entries.values() if entry.blob is not None}
        for added in added_blobs(self.evidence, self.copy, committed):
            yield self.copy.finding(Breach.BLOB_ADDED, "/".join(added), "no entry commits to it")

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
            yield from compare_rows(self.evidence, self.copy.region.name, blob, self.result)

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


def may_be_gone(evidence: Evidence, copy: Copy) -> Callable[[LedgerEntry], bool]:
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


def added_blobs(evidence: Evidence, copy: Copy, committed: set[str]) -> Iterator[tuple[str, str]]:
    """List our blobs, container and name, that no entry commits to, a day after they came."""
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
            yield container, name
