"""Going over a platform's blobs and rows, and recording what was searched and found."""

from __future__ import annotations

import hashlib
import itertools
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from mainstem import _core
from mainstem.books import record_proof
from mainstem.books.evidence import gather
from mainstem.errors import UsageError
from mainstem.records import Signal
from mainstem.scan.detectors import detector_names, library_versions
from mainstem.scan.search import BlobsToSearch, Find, Looked, RowsToSearch, look_at_all
from mainstem.store import ProofKind, central_container

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from mainstem.books.evidence import Evidence
    from mainstem.config.platform import Platform

REGION_STORES = ("region", "centre", "warehouse")
"""Where can be searched."""
BLOBS_A_PIECE = 8
ALONE_BELOW_BYTES = 16 << 20
ALONE_BELOW_ROWS = 50_000
"""So little is searched before other processes have begun."""
NO_TEXT = frozenset(
    {
        *("record_id", "region", "environment", "blob", "time_source"),
        *("trace_id", "span_id", "parent_span_id"),
    }
)
"""Columns of ids and of what mainstem itself writes."""
KEPT_FINDS = 1000
"""Finds that are told and recorded one by one; all are counted."""


@dataclass(frozen=True)
class Scope:
    """What is to be searched: where, written since when, and which share of blobs and rows.

    `sample` is a percentage; which blobs it takes depends on their names alone, so that the same
    ones are taken again.
    """

    regions: Sequence[str] = ()
    stores: Sequence[str] = REGION_STORES
    since: datetime | None = None
    sample: float = 100.0

    def __post_init__(self) -> None:
        """Refuse what nothing fits."""
        if not 0 < self.sample <= 100:
            raise UsageError(f"a sample of {self.sample}% is none: above 0, and at most 100")


@dataclass
class Searched:
    """What was searched of a region, and found."""

    region: str
    blobs: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    rows: int = 0
    missing: int = 0
    found: Counter[str] = field(default_factory=Counter)
    finds: list[Find] = field(default_factory=list)
    recorded: int | None = None
    """The number of its record; None where it could not be written, for `not_recorded`."""
    not_recorded: str | None = None


@dataclass
class Scan:
    """A scan: by region; `unread` regions could not be looked at, and why."""

    scope: Scope
    regions: dict[str, Searched] = field(default_factory=dict)
    strings: int = 0
    seconds: float = 0.0
    unread: dict[str, str] = field(default_factory=dict)
    isolated: list[str] = field(default_factory=list)

    @property
    def found(self) -> Counter[str]:
        """How often each detector found something."""
        return sum((region.found for region in self.regions.values()), Counter())


def scan(
    platform: Platform,
    scope: Scope,
    *,
    processes: int,
    progress: Callable[[str], None] = lambda _: None,
) -> Scan:
    """Search all that the scope names and that this platform file can reach, and record it."""
    begun, at = time.monotonic(), time.time_ns()
    result = Scan(scope)
    with gather(platform, progress) as evidence:
        result.unread, result.isolated = dict(evidence.unread), list(evidence.isolated)
        for name in [platform.region(each).name for each in scope.regions] or platform.regions:
            if name not in evidence.isolated and name not in evidence.unread:
                result.regions[name] = Searched(name)
        blobs, size = _blobs(evidence, scope, result.regions)
        rows = _rows(evidence, scope, list(result.regions))
        few = size < ALONE_BELOW_BYTES and _row_count(evidence) < ALONE_BELOW_ROWS
        work: Iterable[BlobsToSearch | RowsToSearch] = itertools.chain(
            _pieces(platform, blobs), rows
        )
        done_blobs = done_rows = 0
        for looked in look_at_all(work, 1 if few else processes):
            _add(result, looked)
            done_blobs += looked.blobs
            done_rows += looked.rows.total()
            progress(f"{done_blobs:,} of {len(blobs):,} blobs and {done_rows:,} rows searched")
    result.seconds = round(time.monotonic() - begun, 1)
    for searched in result.regions.values():
        body = _body(scope, searched)
        searched.recorded, searched.not_recorded = record_proof(
            platform, searched.region, ProofKind.SCAN, body, at_unix_nano=at
        )
    return result


def _blobs(
    evidence: Evidence, scope: Scope, regions: Collection[str]
) -> tuple[list[tuple[str, str, str, str]], int]:
    """List the blobs to search: region, store, container and name; and their bytes together."""
    since = scope.since or datetime.fromtimestamp(0, UTC)
    rows = evidence.warehouse.query(
        "SELECT region, store, container, name, bytes FROM blobs WHERE modified >= $1 "
        "ORDER BY region, store, container, name",
        (since.astimezone(UTC).replace(tzinfo=None),),
    )
    kept = [
        row
        for row in rows
        if row[0] in regions and row[1] in scope.stores and _in_sample(row[3], scope)
    ]
    return [(region, store, container, name) for region, store, container, name, _ in kept], sum(
        row[4] for row in kept
    )


def _pieces(
    platform: Platform, blobs: Sequence[tuple[str, str, str, str]]
) -> Iterator[BlobsToSearch]:
    for (region, store, container), of_store in itertools.groupby(blobs, key=lambda blob: blob[:3]):
        address = platform.region(region).store
        if store == "centre":
            signal = Signal(container.removeprefix(central_container(region, "")))
            address = platform.centre_of(region, signal)
        names = [(container, name) for _, _, _, name in of_store]
        for start in range(0, len(names), BLOBS_A_PIECE):
            piece = names[start : start + BLOBS_A_PIECE]
            yield BlobsToSearch(region, store, str(address), platform.directory, piece)


def _row_count(evidence: Evidence) -> int:
    counted = evidence.warehouse.value("SELECT sum(records_loaded)::BIGINT FROM bronze.load_blobs")
    return int(counted or 0)


def _rows(evidence: Evidence, scope: Scope, regions: Sequence[str]) -> Iterator[RowsToSearch]:
    """Read the warehouse's records, a batch at a time."""
    if "warehouse" not in scope.stores or not regions:
        return
    since = (scope.since or datetime.fromtimestamp(0, UTC)).astimezone(UTC).replace(tzinfo=None)
    chosen = ", ".join(f"${number}" for number in range(2, 2 + len(regions)))
    for signal in Signal:
        definition = pa.schema(_core.bronze_schema(signal.value))
        there = evidence.destination.columns("bronze", signal.bronze_table)
        columns = ", ".join(
            f'"{field.name}"'
            for field in definition
            if field.name in there and field.name not in NO_TEXT and _is_text(field.type)
        )
        batches = evidence.destination.arrow(
            f"SELECT region, blob, line, {columns} FROM bronze.{signal.bronze_table} "  # noqa: S608
            f"WHERE received_at >= $1 AND region IN ({chosen})",
            (since, *regions),
        )
        for batch in batches:
            if scope.sample < 100:
                mask = [_in_sample(name, scope) for name in batch.column(1).to_pylist()]
                batch = batch.filter(pa.array(mask))  # noqa: PLW2901
            yield RowsToSearch(f"bronze.{signal.bronze_table}", batch)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _in_sample(name: str, scope: Scope) -> bool:
    if scope.sample >= 100:
        return True
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) / 2**32 < scope.sample / 100


def _add(result: Scan, looked: Looked) -> None:
    result.strings += looked.strings
    if looked.blobs_of is not None:
        region, store = looked.blobs_of
        searched = result.regions[region]
        searched.blobs[store] += looked.blobs
        searched.bytes += looked.bytes
        searched.missing += looked.missing
    for region, rows in looked.rows.items():
        result.regions[region].rows += rows
    for find in looked.finds:
        searched = result.regions[find.region]
        searched.found[find.detector] += find.times
        if len(searched.finds) < KEPT_FINDS:
            searched.finds.append(find)


def _body(scope: Scope, searched: Searched) -> dict[str, Any]:
    """Write down a region's part of a scan."""
    return {
        "stores": list(scope.stores),
        "since": scope.since.isoformat() if scope.since else None,
        "sample_percent": scope.sample,
        "blobs": dict(searched.blobs),
        "bytes": searched.bytes,
        "rows": searched.rows,
        "missing": searched.missing,
        "detectors": detector_names(),
        "libraries": library_versions(),
        "found": dict(searched.found),
        "finds": [find._asdict() for find in searched.finds],
    }
