"""How the platform itself fares, published beside the builds for whoever may not read its stores.

::

    published/operations.duckdb     replaced whole by each `build`, also by one with nothing new

Of an isolated region there is its name, and nothing else that could be told. A region whose store
or proofs could not be read has the reason in `regions.unread`, and what the warehouse knows of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import duckdb

from mainstem.books.attestation import attested
from mainstem.books.equations import books_of
from mainstem.books.evidence import gather
from mainstem.books.status import status_of
from mainstem.errors import DataError, DiskFull, MainstemError, tells_full_disk
from mainstem.model.published import partial_file, publish_file
from mainstem.records import Signal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from mainstem.books import Attestation, Books, Line, Status
    from mainstem.books.evidence import Evidence
    from mainstem.config.platform import Platform, Region

OPERATIONS = "operations.duckdb"
ATTESTED_DAYS = 62
"""Days of redactions and of books that are published: two months."""

_TABLES = {
    "taken": "taken_at TIMESTAMP, environment VARCHAR, balanced BOOLEAN",
    "regions": "region VARCHAR, location VARCHAR, residency VARCHAR, isolated BOOLEAN, "
    "unread VARCHAR, last_entry TIMESTAMP, last_heartbeat TIMESTAMP, to_travel_blobs BIGINT, "
    "to_travel_records BIGINT, to_load_blobs BIGINT, to_load_records BIGINT, "
    "oldest_to_travel TIMESTAMP",
    "routes": "region VARCHAR, signal VARCHAR, route VARCHAR, by_rule BOOLEAN, loaded BOOLEAN",
    "books": "region VARCHAR, signal VARCHAR, class VARCHAR, day DATE, received BIGINT, "
    "rejected BIGINT, dropped BIGINT, sampled BIGINT, aggregated BIGINT, duplicate BIGINT, "
    "held BIGINT, stored BIGINT, loaded BIGINT, quarantined BIGINT, duplicate_at_load BIGINT, "
    "dropped_at_load BIGINT, not_travelling BIGINT, expired BIGINT, pending BIGINT, "
    "forwarded BIGINT, not_taken BIGINT, off BIGINT",
    "problems": "region VARCHAR, kind VARCHAR, problem VARCHAR",
    "collectors": "region VARCHAR, instance VARCHAR, first_entry TIMESTAMP, last_entry TIMESTAMP, "
    "last_heartbeat TIMESTAMP, segments BIGINT, stored BIGINT",
    "redactions": "region VARCHAR, day DATE, policy VARCHAR, rule VARCHAR, masked BIGINT",
    "policies": "region VARCHAR, policy VARCHAR, first_seal TIMESTAMP, last_seal TIMESTAMP, "
    "received BIGINT, stored BIGINT",
    "verifications": "region VARCHAR, verified_at TIMESTAMP, verdict VARCHAR, found BIGINT, "
    "witnessed VARCHAR",
    "scans": "region VARCHAR, store VARCHAR, scanned_at TIMESTAMP, since VARCHAR, "
    "sample_percent DOUBLE, blobs BIGINT, records BIGINT, found BIGINT",
    "scan_finds": "region VARCHAR, store VARCHAR, detector VARCHAR, found BIGINT",
    "loads": "load_id BIGINT, started_at TIMESTAMP, finished_at TIMESTAMP, blobs BIGINT, "
    "records BIGINT",
    "quarantine": "region VARCHAR, signal VARCHAR, code VARCHAR, blobs BIGINT, places BIGINT, "
    "records BIGINT",
}
_LOADS = 100


@dataclass
class _Rows:
    """The rows of each table as they are gathered."""

    by_table: dict[str, list[tuple[Any, ...]]] = field(
        default_factory=lambda: {name: [] for name in _TABLES}
    )

    def add(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        self.by_table[table] += rows


def publish_operations(
    platform: Platform, progress: Callable[[str], None] = lambda _: None
) -> Path:
    """Gather status, books and evidence, and publish them in one file, replaced atomically.

    Raises DiskFull where there is no room, and what `gather` raises for the warehouse.
    """
    rows = _Rows()
    with gather(platform, progress) as evidence:
        status = status_of(evidence)
        books = books_of(evidence, platform, progress=progress)
        progress("reading what was verified and scanned")
        for region in platform.regions.values():
            if region.name not in evidence.isolated:
                _add_evidence(rows, platform, evidence, region.name)
        _add_warehouse(rows, evidence)
    taken_at = datetime.now(UTC).replace(tzinfo=None)
    rows.add("taken", [(taken_at, platform.environment, books.balanced)])
    _add_status(rows, platform, status)
    _add_books(rows, platform, books, taken_at)
    return _write(platform.published, rows)


def _add_status(rows: _Rows, platform: Platform, status: Status) -> None:
    oldest: dict[str, datetime] = {}
    for waiting in status.waiting:
        oldest[waiting.region] = min(waiting.oldest, oldest.get(waiting.region, waiting.oldest))
    stands = {region.region: region for region in status.regions}
    for region in platform.regions.values():
        found = stands.get(region.name)
        heard = (found.last_entry, found.last_heartbeat) if found else (None, None)
        waits = (*found.to_travel, *found.to_load) if found else (None,) * 4
        rows.add(
            "regions",
            [
                (
                    region.name,
                    region.location,
                    region.residency.value,
                    region.name in status.isolated,
                    status.unread.get(region.name),
                    *heard,
                    *waits,
                    oldest.get(region.name),
                )
            ],
        )
        if region.name not in status.isolated:
            rows.add("routes", _routes(platform, region))


def _routes(platform: Platform, region: Region) -> Iterable[tuple[Any, ...]]:
    for signal in Signal:
        route = region.routes[signal]
        way = "home" if platform.home == region.name else route.route.value
        by_rule = bool(route.local or route.travels)
        loaded = platform.loaded_from(region.name, signal) is not None
        yield region.name, signal.value, way, by_rule, loaded


def _add_books(rows: _Rows, platform: Platform, books: Books, taken_at: datetime) -> None:
    by_day: dict[tuple[str, str, str, str], Line] = {}
    for line in books.hours:
        key = line.region, line.signal, line.record_class, line.hour[:10]
        by_day.setdefault(key, type(line)(*key)).add(line)
    for key, line in by_day.items():
        if (taken_at.date() - datetime.fromisoformat(key[3]).date()).days < ATTESTED_DAYS:
            rows.add("books", [(*key, *_figures(line))])
    for kind, texts in (("problem", books.problems), ("note", books.notes)):
        rows.add("problems", [(_region_in(text, platform), kind, text) for text in texts])


def _figures(line: Line) -> tuple[int, ...]:
    counts = line.counts
    return (
        counts.received,
        counts.rejected,
        counts.dropped,
        counts.sampled,
        counts.aggregated,
        counts.duplicate,
        counts.held_after - counts.held_before,
        line.stored,
        line.loaded,
        line.quarantined,
        line.duplicate_at_load,
        line.dropped_at_load,
        line.not_travelling,
        line.expired,
        line.pending,
        line.forwarded,
        line.not_taken,
        line.stored - line.accounted,
    )


def _region_in(text: str, platform: Platform) -> str | None:
    """Tell the region that a problem is of: each begins with its name, where it is of one."""
    first = text.split(maxsplit=1)[0].rstrip(":") if text else ""
    return first if first in platform.regions else None


def _add_evidence(rows: _Rows, platform: Platform, evidence: Evidence, region: str) -> None:
    rows.add(
        "collectors",
        evidence.warehouse.query(
            """
            SELECT region, instance, min("at"), max("at"),
                max("at") FILTER (kind = 'heartbeat'), count(*) FILTER (kind = 'segment'),
                coalesce(sum(stored) FILTER (kind = 'segment'), 0)::BIGINT
            FROM entries WHERE region = $1 GROUP BY ALL ORDER BY ALL
            """,
            (region,),
        ),
    )
    try:
        found = attested(platform, evidence, region, ATTESTED_DAYS)
    except DataError as error:
        # A record of a proof is missing or was changed: that is itself what there is to tell.
        rows.add("problems", [(region, "problem", f"{region}: {error.message}")])
    except MainstemError as error:
        rows.add("problems", [(region, "note", f"{region}: its proofs: {error.message}")])
    else:
        _add_attestation(rows, found)


def _add_attestation(rows: _Rows, found: Attestation) -> None:
    for day in found.days:
        for use in day.policies:
            rows.add(
                "redactions",
                [
                    (found.region, day.day, use.policy, rule, masked)
                    for rule, masked in use.masked.items()
                ],
            )
        if not day.all_passed:
            text = f"{found.region} {day.day}: {day.stored - day.passed:,} records passed no policy"
            rows.add("problems", [(found.region, "policy", text)])
    rows.add(
        "policies",
        [
            (found.region, use.policy, use.first, use.last, use.received, use.stored)
            for use in found.policies
        ],
    )
    if (verified := found.verified) is not None:
        told = verified.verdict, verified.found, verified.witnessed
        rows.add("verifications", [(found.region, _plain(verified.at), *told)])
    for scan in found.scanned:
        limits = scan.since, scan.sample_percent
        searched = scan.blobs, scan.rows, sum(scan.found.values())
        place = found.region, scan.store
        rows.add("scans", [(*place, _plain(scan.at), *limits, *searched)])
        rows.add("scan_finds", [(*place, name, times) for name, times in scan.found.items()])


def _add_warehouse(rows: _Rows, evidence: Evidence) -> None:
    rows.add(
        "loads",
        evidence.warehouse.query(
            "SELECT load_id, started_at, finished_at, blobs, records FROM bronze.loads "
            "ORDER BY load_id DESC LIMIT $1",
            (_LOADS,),
        ),
    )
    rows.add(
        "quarantine",
        evidence.warehouse.query(
            """
            SELECT region, signal, code, count(DISTINCT blob), count(*), sum(records)::BIGINT
            FROM bronze.quarantine
            WHERE (region, signal, blob) NOT IN (
                SELECT (region, signal, blob) FROM bronze.quarantine_decisions
                WHERE decision = 'dropped'
            )
            GROUP BY ALL ORDER BY ALL
            """
        ),
    )


def _plain(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


def _write(published: Path, rows: _Rows) -> Path:
    partial = partial_file(published, OPERATIONS)
    for leftover in published.glob(f"{partial.name}*"):
        leftover.unlink()
    try:
        with duckdb.connect(str(partial)) as connection:
            for name, columns in _TABLES.items():
                connection.execute(f"CREATE TABLE {name} ({columns})")
                if found := rows.by_table[name]:
                    places = ", ".join("?" * len(found[0]))
                    connection.executemany(f"INSERT INTO {name} VALUES ({places})", found)  # noqa: S608
            connection.execute("CHECKPOINT")
    except duckdb.Error as error:
        if tells_full_disk(str(error)):
            hint = "Answers and pages still read what was published before."
            raise DiskFull(f"publishing in {published}", hint=hint) from None
        raise
    return publish_file(partial, OPERATIONS)
