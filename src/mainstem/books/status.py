"""Where everything stands: what was heard of each region, and what waits for the next stage."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mainstem.books.evidence import gather
from mainstem.records import LOCAL_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mainstem.books.evidence import Evidence
    from mainstem.config.platform import Platform


@dataclass(frozen=True)
class RegionStatus:
    """One region; times are UTC without a zone, what waits is in blobs and records."""

    region: str
    last_entry: datetime | None
    last_heartbeat: datetime | None
    to_travel: tuple[int, int]
    to_load: tuple[int, int]


@dataclass(frozen=True)
class Waiting:
    """What of a signal has not travelled: blobs, and records where entries tell them.

    `oldest` is when the oldest was sealed, or written by another exporter; UTC without a zone.
    """

    region: str
    signal: str
    blobs: int
    records: int
    oldest: datetime


@dataclass(frozen=True)
class LastLoad:
    """The newest load; without `finished_at` it is running or was interrupted."""

    load_id: int
    started_at: datetime
    finished_at: datetime | None
    blobs: int
    records: int


@dataclass
class Status:
    """Where everything stands."""

    regions: list[RegionStatus]
    last_load: LastLoad | None
    waiting: list[Waiting] = field(default_factory=list)
    """By region and signal."""
    isolated: list[str] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)


_TO_TRAVEL = """
WITH told AS (
    SELECT here.region, entry.signal, here.name, entry.stored AS records, entry."at" AS since
    FROM blobs AS here
    JOIN entries AS entry ON entry.region = here.region AND entry.blob = here.name
    WHERE here.store = 'region' AND entry.kind = 'segment'
        AND coalesce(entry.class, entry.signal) = entry.signal
    UNION ALL
    SELECT region, container, name, 0, modified FROM blobs WHERE store = 'region' AND NOT ours
)
SELECT told.region, told.signal, count(*), sum(told.records)::BIGINT, min(told.since) FROM told
JOIN routes ON routes.region = told.region AND routes.signal = told.signal
WHERE routes.loaded AND NOT routes.at_home AND NOT routes.forwards
    AND NOT EXISTS (
        FROM stays WHERE stays.region = told.region AND stays.name = told.name
    )
    AND NOT EXISTS (
        FROM blobs AS there WHERE there.region = told.region AND there.store = 'centre'
            AND there.name = told.name
    )
    AND NOT EXISTS (
        FROM bronze.load_blobs AS done WHERE done.region = told.region AND done.blob = told.name
            AND done.signal = told.signal AND done.status <> 'replaced'
    )
GROUP BY ALL ORDER BY ALL
"""
"""What is in a region and not at the centre; what was loaded has travelled before."""


def take_status(platform: Platform, progress: Callable[[str], None] = lambda _: None) -> Status:
    """Look at ledgers, stores and warehouse; nothing is read but names and entries."""
    with gather(platform, progress) as evidence:
        return status_of(evidence)


def status_of(evidence: Evidence) -> Status:
    """Tell where everything stands by what has been gathered."""
    rows = evidence.warehouse.query(
        """
        WITH waiting AS (
            SELECT entry.region, entry.stored,
                NOT routes.at_home AND NOT EXISTS (
                    FROM blobs WHERE blobs.region = entry.region AND blobs.store = 'centre'
                        AND blobs.name = entry.blob
                ) AS travels
            FROM entries AS entry
            JOIN routes ON routes.region = entry.region AND routes.signal = entry.signal
            WHERE entry.kind = 'segment' AND routes.loaded
                AND NOT (routes.forwards AND entry.forward_to IS NOT NULL)
                AND NOT EXISTS (
                    FROM stays WHERE stays.region = entry.region AND stays.name = entry.blob
                )
                AND coalesce(entry.class, entry.signal)
                    IN (entry.signal, if(routes.at_home, entry.signal || $1, entry.signal))
                AND EXISTS (
                    FROM blobs WHERE blobs.region = entry.region AND blobs.name = entry.blob
                )
                AND NOT EXISTS (
                    FROM bronze.load_blobs AS done WHERE done.region = entry.region
                        AND done.segment = entry.segment AND done.status <> 'replaced'
                )
        ),
        waits AS (
            SELECT region,
                count(*) FILTER (travels) AS travel_blobs,
                coalesce(sum(stored) FILTER (travels), 0)::BIGINT AS travel_records,
                count(*) FILTER (NOT travels) AS load_blobs,
                coalesce(sum(stored) FILTER (NOT travels), 0)::BIGINT AS load_records
            FROM waiting GROUP BY region
        ),
        heard AS (
            SELECT region, max("at") AS last_entry,
                max("at") FILTER (kind = 'heartbeat') AS last_heartbeat
            FROM entries GROUP BY region
        )
        SELECT region, last_entry, last_heartbeat, coalesce(travel_blobs, 0),
            coalesce(travel_records, 0), coalesce(load_blobs, 0), coalesce(load_records, 0)
        FROM (SELECT DISTINCT region FROM routes)
        LEFT JOIN heard USING (region)
        LEFT JOIN waits USING (region)
        ORDER BY region
        """,
        (LOCAL_SUFFIX,),
    )
    loads = evidence.warehouse.query(
        "SELECT load_id, started_at, finished_at, blobs, records FROM bronze.loads "
        "ORDER BY load_id DESC LIMIT 1"
    )
    return Status(
        [
            RegionStatus(region, entry, heartbeat, (blobs, records), (more, of_them))
            for region, entry, heartbeat, blobs, records, more, of_them in rows
        ],
        LastLoad(*loads[0]) if loads else None,
        [Waiting(*row) for row in evidence.warehouse.query(_TO_TRAVEL)],
        evidence.isolated,
        evidence.unread,
    )
