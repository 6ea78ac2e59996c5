"""An auditor's bundle: all that the books rest on, and a page that verifies it without mainstem.

::

    bundle.json                 format, when and by which version it was made, regions
    verify.py                   `bundle_verifier`: Python's standard library, nothing else
    euc/region.json             public keys, counts per signal and hour, blobs with their hashes
    euc/ledger/2026/11/24/...   entries, `.lines` and signed heads, byte for byte
    euc/witness/...             what a witness holds, byte for byte
    euc/proofs/...              records of scans and verifications
    euc/blobs/logs/...          the blobs, where they are asked for

No payload is in it unless asked for: `.lines` are keyed hashes, and entries are counts.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mainstem import __version__
from mainstem.books import bundle_verifier
from mainstem.books.breach import Verification
from mainstem.books.copies import copies_of, read_ledger
from mainstem.books.entries import kept_at_the_centre, known_entries
from mainstem.books.equations import Line, books_of
from mainstem.books.evidence import gather
from mainstem.books.signatures import PublicKeys
from mainstem.books.verify import added_blobs, may_be_gone
from mainstem.errors import UsageError
from mainstem.records import EntryKind
from mainstem.store import (
    HEADS,
    PROOFS,
    Account,
    ObjectMissing,
    entry_beside,
    entry_place,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mainstem.books.copies import Copy, Ledger
    from mainstem.books.equations import Books
    from mainstem.books.evidence import Evidence
    from mainstem.config.platform import Platform, Region
    from mainstem.records import LedgerEntry
    from mainstem.store import Container

FORMAT = "mainstem.bundle/1"
BLOBS_AHEAD = 2
DAY_NS = 86_400 * 1_000_000_000
VERIFIER = "verify.py"


@dataclass
class Bundle:
    """What was put into a bundle, and the regions that could not be read, and why."""

    path: Path
    regions: list[str] = field(default_factory=list)
    files: int = 0
    bytes: int = 0
    unread: dict[str, str] = field(default_factory=dict)
    isolated: list[str] = field(default_factory=list)


class _Sink(Protocol):
    def write(self, name: str, data: bytes) -> None: ...


@dataclass
class _Folder:
    root: Path

    def write(self, name: str, data: bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@dataclass
class _Archive:
    archive: zipfile.ZipFile

    def write(self, name: str, data: bytes) -> None:
        self.archive.writestr(name, data, zipfile.ZIP_DEFLATED)


def export_bundle(
    platform: Platform,
    target: Path,
    *,
    payload: bool = False,
    witness: Account | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Bundle:
    """Write a bundle into a folder or a `.zip` that is not there yet; it is there at the end.

    UsageError where there is something. What a store answers is raised; a region that could not be
    listed is left out, and told.
    """
    if target.exists():
        raise UsageError(f"there is something at {target}", hint="Name a new folder or .zip.")
    with gather(platform, progress) as evidence, _sink(target) as sink:
        books = books_of(evidence, platform, progress=progress)
        made = Bundle(target, unread=dict(evidence.unread), isolated=list(evidence.isolated))
        writer = _Writer(platform, evidence, books, sink, made, progress)
        for region in platform.regions.values():
            if region.name not in evidence.isolated and region.name not in evidence.unread:
                writer.region(region, witness, payload=payload)
        document = {
            "format": FORMAT,
            "made_at_unix_nano": str(time.time_ns()),
            "made_by": f"mainstem {__version__}",
            "environment": platform.environment,
            "regions": made.regions,
            "unread": made.unread,
            "isolated": made.isolated,
            "payload": payload,
        }
        writer.put("bundle.json", json.dumps(document, indent=2).encode())
        writer.put(VERIFIER, Path(bundle_verifier.__file__).read_bytes())
    return made


@contextmanager
def _sink(target: Path) -> Iterator[_Sink]:
    """Write beside the target, and put it there when all is well."""
    beside = target.with_name(f".{target.name}.new")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        if target.suffix == ".zip":
            with zipfile.ZipFile(beside, "w") as archive:
                yield _Archive(archive)
        else:
            beside.mkdir()
            yield _Folder(beside)
        beside.rename(target)
    finally:
        if beside.is_dir():
            shutil.rmtree(beside)
        beside.unlink(missing_ok=True)


@dataclass
class _Writer:
    """Writes one region after the other."""

    platform: Platform
    evidence: Evidence
    books: Books
    sink: _Sink
    made: Bundle
    progress: Callable[[str], None]

    def put(self, name: str, data: bytes) -> None:
        self.sink.write(name, data)
        self.made.files += 1
        self.made.bytes += len(data)

    def region(self, region: Region, witness: Account | None, *, payload: bool) -> None:
        """Write a region: its own ledger, and from the centre the chains that are kept there."""
        keys = PublicKeys.of(self.platform, region)
        ledgers = [
            read_ledger(copy, keys, Verification()) for copy in copies_of(self.platform, region)
        ]
        elsewhere = kept_at_the_centre(self.evidence, region, ledgers)
        blobs: dict[str, dict[str, Any]] = {}
        for ledger in ledgers:
            own = ledger.copy.store == "region" or region.store is None
            mine = {
                instance
                for instance in ledger.by_instance
                if (instance not in elsewhere if own else instance in elsewhere)
            }
            self._ledger(ledger, mine, own=own)
            for blob in self._blobs(ledger, mine, payload=payload):
                blobs.setdefault(blob["name"], blob)
        if witness is not None:
            self._copy(witness.container(HEADS), region.name, f"{region.name}/witness")
        place = self.platform.ledger_from(region.name)
        if place is not None:
            account = Account.open(place[0], self.platform.directory)
            self._copy(account.container(PROOFS), region.name, f"{region.name}/proofs")
        self.put(
            f"{region.name}/region.json",
            json.dumps(self._facts(region, keys, list(blobs.values())), indent=1).encode(),
        )
        self.made.regions.append(region.name)

    def _facts(
        self, region: Region, keys: PublicKeys, blobs: list[dict[str, Any]]
    ) -> dict[str, Any]:
        in_part = self.evidence.warehouse.query(
            "SELECT DISTINCT entries.signal, entries.hour FROM entries "
            "JOIN cleared USING (region, instance) "
            "WHERE region = ? AND entries.kind = 'segment' AND entries.seq <= cleared.seq",
            (region.name,),
        )
        lines: dict[tuple[str, str], Line] = {}
        for line in self.books.hours:
            place = line.signal, line.hour
            if line.region == region.name and place not in in_part:
                lines.setdefault(place, Line(region.name, line.signal, *place)).add(line)
        return {
            "region": region.name,
            "public_keys": [vars(key) for key in keys.keys.values()],
            "cleared": known_entries(self.evidence, region.name)[1],
            "lines_since": time.time_ns() - region.retention.longest_days * DAY_NS,
            "in_part": in_part,
            "counts": [asdict(line) for line in lines.values()],
            "blobs": blobs,
        }

    def _ledger(self, ledger: Ledger, instances: set[str], *, own: bool) -> None:
        """Write a ledger's objects byte for byte, what is no entry too where it is the region's."""
        container, region = ledger.copy.ledger, ledger.copy.region.name
        names = [
            info.name
            for info in container.list()
            if (instance := _instance_of(info.name)) in instances or (own and instance is None)
        ]
        for name, data in container.read_each(names):
            self.put(f"{region}/ledger/{name}", data)

    def _copy(self, container: Container, folder: str, to: str) -> None:
        for name, data in container.read_each([info.name for info in container.list(folder)]):
            self.put(f"{to}/{name.removeprefix(f'{folder}/')}", data)

    def _blobs(
        self, ledger: Ledger, instances: set[str], *, payload: bool
    ) -> Iterator[dict[str, Any]]:
        """Read each blob that an entry commits to, and say what is there; write it if asked to."""
        copy, gone = ledger.copy, may_be_gone(self.evidence, ledger.copy)
        entries = [
            entry
            for entry in ledger.entries.values()
            if entry.kind is EntryKind.SEGMENT and entry.blob and entry.instance in instances
        ]
        with ThreadPoolExecutor(BLOBS_AHEAD) as readers:
            read = readers.map(lambda entry: _contents(copy, entry), entries)
            for number, (entry, data) in enumerate(zip(entries, read, strict=True)):
                self.progress(f"{copy.region.name}: {number + 1} of {len(entries)} blobs")
                yield self._blob(copy, entry, data, gone=gone(entry), payload=payload)
        committed = {entry.blob.name for entry in ledger.entries.values() if entry.blob is not None}
        if copy.store == "region":
            for container, name in added_blobs(self.evidence, copy, committed):
                yield {"container": container, "name": name, "state": "added"}

    def _blob(
        self, copy: Copy, entry: LedgerEntry, data: bytes | None, *, gone: bool, payload: bool
    ) -> dict[str, Any]:
        container = copy.blobs_of(entry)
        name = entry.blob.name if entry.blob is not None else ""
        if container is None:
            # A class of its own may be in another store, which this platform file does not know.
            return {"name": name, "state": "elsewhere"}
        place = {"container": container.name, "name": name}
        if data is None:
            return {**place, "state": "removed" if gone else "missing"}
        if payload:
            self.put(f"{copy.region.name}/blobs/{container.name}/{name}", data)
        sha256 = hashlib.sha256(data).hexdigest()
        return {**place, "state": "present", "bytes": len(data), "sha256": sha256}


def _instance_of(name: str) -> str | None:
    """Tell whose a ledger's object is; None where it is no object of a ledger's."""
    entry = entry_beside(name)
    return None if entry is None else entry_place(entry).instance


def _contents(copy: Copy, entry: LedgerEntry) -> bytes | None:
    container = copy.blobs_of(entry)
    if container is None or entry.blob is None:
        return None
    try:
        return container.read(entry.blob.name)
    except ObjectMissing:
        return None
