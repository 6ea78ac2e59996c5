"""The books' equations per region, signal and hour, in spans, log records and data points.

::

    received + held before = stored + rejected + dropped + sampled + aggregated + duplicate
                             + held after                     counted by the collector
    stored                 = the records in the blobs' own lines   counted by whoever reads them
    stored                 = loaded + quarantined + duplicate at load + not travelling + expired
                             + pending + dropped at load
    loaded                 = present + decayed   present: counted in bronze, row by row; decayed:
                                         counted row by row as detail went, blob by blob
    stored, of what is sent on = forwarded + not taken + pending   counted by the exporter

A blob that is gone before its time, and that retention does not tell of, is in none of the terms,
and so shows as an imbalance.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from mainstem import _core
from mainstem.books.chain import broken_chains, open_hours
from mainstem.books.evidence import Evidence, gather
from mainstem.books.regional import regional_counts
from mainstem.records import LOCAL_SUFFIX, Counts
from mainstem.store import Account, ObjectMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mainstem.config.platform import Platform

FORWARDED_SUFFIX = "-forwarded"
"""What the books call the class of segments that a region's collector sends on: what the receiver
stored of them stands under the class's own name."""
WAITS_HOURS = 24
"""After this time, what is pending is worth a note: a load runs daily or more often."""


@dataclass
class Line:
    """One line of the books: a region's class, whole or in one hour (`2026-11-24T05`, UTC).

    A class is a signal, or what its records are when they go a way of their own: `logs-local`.

    `decayed` is what of `loaded` is not there any more, since its day's detail went; `pending_long`
    is what of `pending` has waited for longer than 24 hours. `recounted` is the
    number of records found in the lines of those blobs that were read, and `recounted_of` what
    their ledger entries say, without those in lines that cannot be read.
    """

    region: str
    signal: str
    record_class: str
    hour: str
    counts: Counts = field(default_factory=Counts)
    foreign: int = 0
    recounted: int = 0
    recounted_of: int = 0
    loaded: int = 0
    decayed: int = 0
    quarantined: int = 0
    duplicate_at_load: int = 0
    dropped_at_load: int = 0
    not_travelling: int = 0
    expired: int = 0
    pending: int = 0
    pending_long: int = 0
    forwarded: int = 0
    not_taken: int = 0

    @property
    def stored(self) -> int:
        """All that is stored: by our collectors, and in foreign blobs, whose books begin here."""
        return self.counts.stored + self.foreign

    @property
    def accounted(self) -> int:
        """What is known of what is stored."""
        return (
            self.loaded
            + self.quarantined
            + self.duplicate_at_load
            + self.dropped_at_load
            + self.not_travelling
            + self.expired
            + self.pending
            + self.forwarded
            + self.not_taken
        )

    @property
    def imbalances(self) -> list[str]:
        """Say which equations do not hold, and by how many records."""
        found = []
        if self.counts.balance:
            found.append(f"received and what became of it differ by {self.counts.balance:+,}")
        if self.recounted != self.recounted_of:
            difference = self.recounted - self.recounted_of
            found.append(f"the blobs' lines and their entries differ by {difference:+,}")
        if self.stored != self.accounted:
            found.append(f"stored and accounted for differ by {self.stored - self.accounted:+,}")
        return found

    def add(self, other: Line) -> None:
        """Add another line's figures to this one's."""
        for each in fields(Line)[4:]:
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


@dataclass
class Books:
    """All lines by hour, what is wrong, and what is worth knowing."""

    hours: list[Line]
    problems: list[str]
    notes: list[str]
    isolated: list[str]

    @property
    def totals(self) -> list[Line]:
        """The lines per region and signal."""
        found: dict[tuple[str, str, str], Line] = {}
        for line in self.hours:
            key = line.region, line.signal, line.record_class
            found.setdefault(key, Line(*key, "")).add(line)
        return list(found.values())

    @property
    def balanced(self) -> bool:
        """Whether every equation holds and nothing is missing."""
        return not self.problems


def keep_books(
    platform: Platform,
    *,
    recount: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Books:
    """Compare what the ledger, the stores and the warehouse say.

    The loader counts the records of each blob that it loads in the blob's own lines; `recount`
    reads every blob that is still there and counts it again now.
    """
    with gather(platform, progress) as evidence:
        return books_of(evidence, platform, recount=recount, progress=progress)


def books_of(
    evidence: Evidence,
    platform: Platform,
    *,
    recount: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Books:
    """Keep the books on what has been gathered."""
    progress("counting the rows in bronze")
    evidence.count_rows()
    lines: dict[tuple[str, str, str, str], Line] = {}
    problems: list[str] = []
    for part, problem in _segments(evidence):
        key = part.region, part.signal, part.record_class, part.hour
        lines.setdefault(key, Line(*key)).add(part)
        problems += [problem] if problem else []
    for part in _foreign(evidence):
        key = part.region, part.signal, part.record_class, part.hour
        lines.setdefault(key, Line(*key)).add(part)
    if recount:
        problems += _recount(evidence, platform, progress)
    hours = [lines[key] for key in sorted(lines)]
    imbalances = [
        f"{line.region} {line.record_class} {line.hour}: {reason}"
        for line in hours
        for reason in line.imbalances
    ]
    unread = [
        f"{region}: its store was not looked at: {reason}"
        for region, reason in evidence.unread.items()
    ]
    return Books(
        hours,
        problems=[
            *imbalances,
            *problems,
            *_rows_and_load_ledger(evidence),
            *broken_chains(evidence.warehouse),
            *(f"{name} is not a ledger entry" for name in evidence.unreadable),
            *evidence.unexplained,
            *_orphans(evidence),
            *_changed(evidence),
        ],
        notes=[
            *unread,
            *open_hours(evidence.warehouse),
            *(
                f"{line.region} {line.record_class} {line.hour}: {line.pending_long:,} records "
                f"have been pending for more than {WAITS_HOURS} hours"
                for line in hours
                if line.pending_long
            ),
            *_bad_lines(evidence),
            *_equal_records(evidence),
            *_waiting(evidence),
            *regional_counts(platform, evidence),
        ],
        isolated=evidence.isolated,
    )


def _segments(evidence: Evidence) -> Iterator[tuple[Line, str | None]]:
    """Account for each segment: its line, and what is wrong with it.

    Its blob is looked for where its class is one that is loaded, or that a rule keeps in its
    region; the others may be in another store.
    """
    rows = evidence.warehouse.query(
        f"""
        WITH done AS (FROM bronze.load_blobs WHERE status <> 'replaced')
        SELECT entry.region, entry.signal, coalesce(entry.class, entry.signal), entry.hour,
            entry.container, entry.blob,
            {", ".join(f"entry.{each.name}" for each in fields(Counts))},
            done.records_stored, coalesce(bronze_rows.records, 0),
            coalesce(bronze_rows.decayed, 0), done.records_quarantined,
            done.records_duplicate, dropped.blob IS NOT NULL,
            routes.loaded AND coalesce(entry.class, entry.signal)
                IN (entry.signal, if(routes.at_home, entry.signal || $1, entry.signal))
                AND NOT EXISTS (
                    FROM stays WHERE stays.region = entry.region AND stays.name = entry.blob
                ),
            entry.segment, entry.forward_to IS NOT NULL AND (routes.forwards OR entry.blob IS NULL),
            coalesce(entry.class, entry.signal) IN (entry.signal, entry.signal || $1),
            EXISTS (
                FROM blobs WHERE blobs.region = entry.region AND blobs.name = entry.blob
            ),
            entry."at" < now()::TIMESTAMP - to_days(routes.days) OR EXISTS (
                FROM removed WHERE removed.region = entry.region AND removed.name = entry.blob
            ),
            entry."at" < now()::TIMESTAMP - to_hours({WAITS_HOURS})
        FROM entries AS entry
        JOIN routes ON routes.region = entry.region AND routes.signal = entry.signal
        LEFT JOIN done ON done.region = entry.region AND done.segment = entry.segment
        LEFT JOIN bronze_rows ON bronze_rows.region = entry.region
            AND bronze_rows.signal = entry.signal AND bronze_rows.blob = entry.blob
        LEFT JOIN bronze.quarantine_decisions AS dropped ON dropped.region = entry.region
            AND dropped.signal = entry.signal AND dropped.blob = entry.blob
            AND dropped.decision = 'dropped'
        WHERE entry.kind = 'segment'
        ORDER BY entry.region, entry.signal, entry.hour, entry."at"
        """,  # noqa: S608
        (LOCAL_SUFFIX,),
    )
    sent = _sent(evidence)
    for region, signal, record_class, hour, container, blob, *rest in rows:
        counts = Counts(*rest[: len(fields(Counts))])
        figures, state = rest[len(fields(Counts)) : -7], rest[-7:]
        recounted, in_bronze, decayed, quarantined, duplicate, dropped = figures
        travels, segment, goes_on, expected, there, may_be_gone, waits = state
        line, problem = Line(region, signal, record_class, hour, counts), None
        line.loaded, line.decayed = in_bronze, decayed
        if quarantined is not None:
            line.quarantined, line.dropped_at_load = (
                (0, quarantined) if dropped else (quarantined, 0)
            )
            line.duplicate_at_load = duplicate
            if recounted is not None:
                # A line that cannot be read cannot be counted either.
                line.recounted, line.recounted_of = recounted, counts.stored - quarantined
        elif goes_on:
            line.record_class = f"{record_class}{FORWARDED_SUFFIX}"
            if (region, segment) in sent:
                line.forwarded, line.not_taken = sent[region, segment]
            else:
                line.pending = counts.stored
                line.pending_long = counts.stored if waits else 0
        elif blob is None:
            pass
        elif expected and not there and not may_be_gone and region not in evidence.unread:
            problem = f"{region} {record_class} {hour}: {container}/{blob} is gone before its time"
        elif not travels:
            line.not_travelling = counts.stored
        elif there or not may_be_gone:
            line.pending = counts.stored
            line.pending_long = counts.stored if waits else 0
        else:
            line.expired = counts.stored
        yield line, problem


def _sent(evidence: Evidence) -> dict[tuple[str, str], tuple[int, int]]:
    """Give, by region and segment, the records that a receiver took and those that it did not.

    Of several exporters, the one that brought most; of two entries of one, the later.
    """
    rows = evidence.warehouse.query(
        "SELECT region, forwarded FROM entries WHERE forwarded IS NOT NULL ORDER BY instance, seq"
    )
    by_exporter: dict[tuple[str, str], dict[str, tuple[int, int]]] = {}
    for region, text in rows:
        told = json.loads(text)
        lacking = told["rejected"] + told["refused"] + told["abandoned"]
        of_segment = by_exporter.setdefault((region, told["segment"]), {})
        of_segment[told["exporter"]] = told["sent"], lacking
    return {key: max(found.values()) for key, found in by_exporter.items()}


def _foreign(evidence: Evidence) -> Iterator[Line]:
    rows = evidence.warehouse.query(
        """
        SELECT done.region, done.signal, strftime(done.received_at, '%Y-%m-%dT%H'),
            sum(done.records_stored)::BIGINT, sum(coalesce(bronze_rows.records, 0))::BIGINT,
            sum(coalesce(bronze_rows.decayed, 0))::BIGINT,
            coalesce(sum(done.records_quarantined) FILTER (dropped.blob IS NULL), 0)::BIGINT,
            coalesce(sum(done.records_quarantined) FILTER (dropped.blob IS NOT NULL), 0)::BIGINT,
            sum(done.records_duplicate)::BIGINT
        FROM bronze.load_blobs AS done
        LEFT JOIN bronze_rows ON bronze_rows.region = done.region
            AND bronze_rows.signal = done.signal AND bronze_rows.blob = done.blob
        LEFT JOIN bronze.quarantine_decisions AS dropped ON dropped.region = done.region
            AND dropped.signal = done.signal AND dropped.blob = done.blob
            AND dropped.decision = 'dropped'
        WHERE done.segment IS NULL AND done.status <> 'replaced'
        GROUP BY ALL ORDER BY ALL
        """
    )
    for region, signal, hour, stored, loaded, decayed, quarantined, dropped, duplicate in rows:
        yield Line(
            region,
            signal,
            signal,
            hour,
            foreign=stored,
            loaded=loaded,
            decayed=decayed,
            quarantined=quarantined,
            dropped_at_load=dropped,
            duplicate_at_load=duplicate,
        )


def _recount(
    evidence: Evidence, platform: Platform, progress: Callable[[str], None]
) -> Iterator[str]:
    """Count every blob of ours that is still in its region, and tell those that differ."""
    rows = evidence.warehouse.query(
        """
        SELECT entry.region, entry.signal, entry.hour, entry.container, entry.blob,
            entry.lines, entry.stored
        FROM entries AS entry
        JOIN blobs ON blobs.region = entry.region AND blobs.store = 'region'
            AND blobs.container = entry.container AND blobs.name = entry.blob
        WHERE entry.kind = 'segment'
        ORDER BY ALL
        """
    )
    for number, (region, signal, hour, container, blob, lines, stored) in enumerate(rows):
        progress(f"recounting blob {number + 1} of {len(rows)}")
        address = platform.regions[region].store
        if address is None:
            continue
        try:
            data = Account.open(address, platform.directory).container(container).read(blob)
        except ObjectMissing:
            continue
        found = _core.count_blob(data, signal)
        if found != (lines, stored):
            yield (
                f"{region} {signal} {hour}: {container}/{blob} holds {found[0]:,} lines with "
                f"{found[1]:,} records; its entry says {lines:,} with {stored:,}"
            )


def _rows_and_load_ledger(evidence: Evidence) -> list[str]:
    """List blobs whose rows in bronze are not as many as the load says that it put there."""
    rows = evidence.warehouse.query(
        """
        WITH done AS (FROM bronze.load_blobs WHERE status <> 'replaced')
        SELECT coalesce(done.region, bronze_rows.region), coalesce(done.signal, bronze_rows.signal),
            coalesce(done.blob, bronze_rows.blob), coalesce(bronze_rows.records, 0),
            coalesce(done.records_loaded, 0)
        FROM bronze_rows FULL JOIN done USING (region, signal, blob)
        WHERE coalesce(bronze_rows.records, 0) <> coalesce(done.records_loaded, 0)
        ORDER BY ALL
        """
    )
    return [
        f"{region} {signal}: {blob} has {found:,} rows in bronze; the load put {put:,} there"
        for region, signal, blob, found, put in rows
    ]


def _orphans(evidence: Evidence) -> list[str]:
    return [
        f"{region}: {container}/{name} is an orphan: it has no ledger entry, and is not loaded"
        for region, container, name in evidence.without_entry(orphans=True)
    ]


def _waiting(evidence: Evidence) -> list[str]:
    return [
        f"{region}: {container}/{name} has no ledger entry yet"
        for region, container, name in evidence.without_entry(orphans=False)
    ]


def _changed(evidence: Evidence) -> list[str]:
    """List what is in quarantine because it is not what its entry or its load says."""
    rows = evidence.warehouse.query(
        """
        SELECT DISTINCT quarantine.region, quarantine.signal, quarantine.blob, quarantine.code
        FROM bronze.quarantine AS quarantine
        JOIN bronze.load_blobs AS done USING (region, signal, blob)
        WHERE quarantine.line IS NULL AND done.status <> 'replaced'
            AND (quarantine.region, quarantine.signal, quarantine.blob) NOT IN (
                SELECT (region, signal, blob) FROM bronze.quarantine_decisions
                WHERE decision = 'dropped'
            )
        ORDER BY ALL
        """
    )
    return [
        f"{region} {signal}: {blob}: {code.replace('_', ' ')}"
        for region, signal, blob, code in rows
    ]


def _equal_records(evidence: Evidence) -> list[str]:
    rows = evidence.warehouse.query(
        "SELECT region, signal, CAST(sum(records) AS BIGINT) FROM bronze.equal_records "
        "GROUP BY region, signal ORDER BY region, signal"
    )
    return [
        f"{region} {signal}: {count:,} records of foreign blobs equaled another one when they were "
        "loaded, and are there"
        for region, signal, count in rows
    ]


def _bad_lines(evidence: Evidence) -> list[str]:
    rows = evidence.warehouse.query(
        """
        SELECT region, signal, blob, code, count(*), min(line) FROM bronze.quarantine
        WHERE line IS NOT NULL AND (region, signal, blob) NOT IN (
            SELECT (region, signal, blob) FROM bronze.quarantine_decisions
            WHERE decision = 'dropped'
        )
        GROUP BY ALL ORDER BY ALL
        """
    )
    return [
        f"{region} {signal}: {blob}: {count:,} lines in quarantine from line {first}: {code}"
        for region, signal, blob, code, count, first in rows
    ]
