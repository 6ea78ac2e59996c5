"""What is to be loaded: our blobs by their ledger entries, foreign ones by what a listing shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa

from mainstem.config.routes import Route
from mainstem.load.choice import ALL_NEW
from mainstem.records import CONVERTED_SUFFIX, LOCAL_SUFFIX, Signal, entry_name
from mainstem.store import Account, has_segment_id, lines_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mainstem.config.platform import Platform, Region
    from mainstem.load.choice import Choice
    from mainstem.store import Container
    from mainstem.warehouse import Warehouse


@dataclass(frozen=True)
class Origin:
    """The one configured place that a region's signal is loaded from."""

    region: Region
    signal: Signal
    account: Account
    container: str
    environment: str
    at_home: bool
    ledger: Container
    """Where the region's entries are, which may be another account."""

    @property
    def is_forwarded(self) -> bool:
        """Whether the region's collector sends the signal on to the one that wrote what is here."""
        return not self.at_home and self.region.route(self.signal) is Route.FORWARD

    def holding(self, container: str) -> Container:
        """Get the container that holds a blob which its entry says was written to `container`.

        Replication brings all containers of a signal together; at home they are as they were.
        """
        return self.account.container(container if self.at_home else self.container)


def origins(platform: Platform) -> Iterator[Origin]:
    """List the places that signals are loaded from, in the order of the platform file."""
    accounts: dict[str, Account] = {}

    def opened(address: str) -> Account:
        if address not in accounts:
            accounts[address] = Account.open(address, platform.directory)
        return accounts[address]

    for name, region in platform.regions.items():
        ledger = platform.ledger_from(name)
        for signal in Signal:
            place = platform.loaded_from(name, signal)
            if place is not None and ledger is not None:
                yield Origin(
                    region,
                    signal,
                    opened(place[0]),
                    place[1],
                    platform.environment,
                    at_home=platform.home == name,
                    ledger=opened(ledger[0]).container(ledger[1]),
                )


@dataclass(frozen=True)
class OwnBlob:
    """A blob of ours, as its ledger entry tells of it."""

    origin: Origin
    container: str
    name: str
    segment: str
    sha256: str
    lines: int
    stored: int
    environment: str
    lines_name: str
    lines_sha256: str
    received_at: datetime
    """When its segment was sealed; each line has its own time of receipt."""


@dataclass(frozen=True)
class ListedBlob:
    """A blob that a listing shows; its etag and time of writing are the store's."""

    origin: Origin
    container: str
    name: str
    etag: str | None
    received_at: datetime


def own_blobs(warehouse: Warehouse, origin: Origin, choice: Choice = ALL_NEW) -> list[OwnBlob]:
    """List the segments that no load has taken or that are to be replayed, the oldest first.

    Those whose blobs have gone by the region's retention are left out, by their age or by the
    record of their removal: the books show them as expired. Of a signal's classes the one that has
    its name is loaded, and at home what a rule keeps there, too. Of a signal that is forwarded, the
    central collector's segments are, and not those that the region sent on.
    """
    retention = origin.region.retention
    oldest = datetime.now(UTC) - timedelta(
        days=retention.days_of(origin.signal) + retention.grace_days
    )
    rows = warehouse.query(
        """
        SELECT container, blob, segment, sha256, lines, stored, environment, instance, seq,
            lines_sha256, "at"
        FROM bronze.ledger AS entry
        WHERE kind = 'segment' AND blob IS NOT NULL AND region = $1 AND signal = $2
            AND "at" >= $3
            AND coalesce(class, signal) IN (signal, signal || CAST($4 AS VARCHAR))
            AND (CAST($5 AS VARCHAR) IS NULL OR container = $5)
            AND NOT EXISTS (
                SELECT 1 FROM bronze.removed
                WHERE removed.region = entry.region AND removed.blob = entry.blob
            )
            AND (
                "at" >= CAST($6 AS TIMESTAMP) AND "at" < CAST($7 AS TIMESTAMP)
                OR NOT EXISTS (
                    SELECT 1 FROM bronze.load_blobs AS done
                    WHERE done.region = entry.region AND done.segment = entry.segment
                        AND done.status <> 'replaced'
                        AND NOT EXISTS (
                            SELECT 1 FROM bronze.quarantine_decisions AS decided
                            WHERE decided.region = done.region AND decided.signal = done.signal
                                AND decided.blob = done.blob AND decided.decision = 'retry'
                        )
                )
            )
        ORDER BY "at", instance, seq
        """,
        (
            origin.region.name,
            origin.signal.value,
            oldest.replace(tzinfo=None),
            LOCAL_SUFFIX if origin.at_home else "",
            origin.container if origin.is_forwarded else None,
            *(choice.replayed or (None, None)),
        ),
    )
    found = (
        OwnBlob(
            origin,
            *(container, blob, segment, sha256, lines, stored, environment),
            lines_name=lines_name(entry_name(f"{at:%Y/%m/%d}", instance, seq)),
            lines_sha256=lines_sha256,
            received_at=at,
        )
        for container, blob, segment, sha256, lines, stored, environment, *rest in rows
        for instance, seq, lines_sha256, at in (rest,)
    )
    return list(filter(choice.takes, found))


@dataclass(frozen=True)
class Listed:
    """What a listing shows that the load ledger does not know: new, or written to again."""

    foreign: list[ListedBlob]
    """Blobs that another exporter wrote."""
    own: list[ListedBlob]
    """Our blobs that were loaded and look as if they were written to since."""


def changed_blobs(warehouse: Warehouse, origin: Origin, choice: Choice = ALL_NEW) -> Listed:
    """List an origin's containers and tell what is not as it was when it was loaded.

    Foreign blobs that are to be replayed are among them.

    Only an etag is compared here. It changes with a copy or a restore too, so that whoever reads
    the blob compares its content.
    """
    containers = {origin.container}
    if origin.at_home:
        containers |= {
            row[0]
            for row in warehouse.query(
                "SELECT DISTINCT container FROM bronze.ledger "
                "WHERE region = $1 AND signal = $2 AND container IS NOT NULL "
                "AND coalesce(class, signal) IN (signal, signal || $3, signal || $4)",
                (origin.region.name, origin.signal.value, LOCAL_SUFFIX, CONVERTED_SUFFIX),
            )
        }
    listed = Listed([], [])
    for container in sorted(containers):
        infos = list(origin.account.container(container).list())
        table = pa.table(
            {
                "name": pa.array([info.name for info in infos], pa.string()),
                "etag": pa.array([info.etag for info in infos], pa.string()),
                "ours": pa.array([has_segment_id(info.name) for info in infos], pa.bool_()),
                "modified": pa.array(
                    [int(info.modified_at_unix * 1_000_000) for info in infos], pa.timestamp("us")
                ),
            }
        )
        with warehouse.registered(listing=table):
            rows = warehouse.query(
                """
                SELECT listing.name, listing.etag, listing.ours, listing.modified
                FROM listing
                LEFT JOIN bronze.load_blobs AS done
                    ON done.blob = listing.name AND done.region = $1 AND done.signal = $2
                    AND done.status <> 'replaced'
                LEFT JOIN bronze.quarantine_decisions AS decided
                    ON decided.blob = done.blob AND decided.region = done.region
                    AND decided.signal = done.signal AND decided.decision = 'retry'
                WHERE (
                    done.etag IS DISTINCT FROM listing.etag
                    OR (decided.blob IS NOT NULL AND NOT listing.ours)
                    OR (
                        NOT listing.ours AND listing.modified >= CAST($3 AS TIMESTAMP)
                        AND listing.modified < CAST($4 AS TIMESTAMP)
                    )
                )
                    AND (NOT listing.ours OR done.blob IS NOT NULL)
                ORDER BY listing.name
                """,
                (
                    origin.region.name,
                    origin.signal.value,
                    *(choice.replayed or (None, None)),
                ),
            )
        for name, etag, ours, modified in rows:
            found = ListedBlob(origin, container, name, etag, modified)
            if choice.takes(found):
                (listed.own if ours else listed.foreign).append(found)
    return listed
