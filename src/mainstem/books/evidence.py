"""What the ledger, the stores and the warehouse say, brought side by side in one DuckDB session.

The entries are the warehouse's copy and whatever a region's own ledger has beyond it, so that what
has not travelled yet is seen too. The blobs are what a listing of the region's and of the central
containers shows.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

from mainstem.config.routes import Route
from mainstem.errors import DataError, MainstemError
from mainstem.load.ledger import ledger_row, read_new, timestamp
from mainstem.records import Signal
from mainstem.store import (
    LEDGER,
    RETENTION,
    Account,
    central_container,
    has_segment_id,
    recent_removals,
)
from mainstem.warehouse import open_books

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mainstem.config.platform import Platform, Region
    from mainstem.store import Container
    from mainstem.warehouse import DuckDBWarehouse, Warehouse
    from mainstem.warehouse.spark import SparkReading

ORPHAN_HOURS = 24
"""After this time, one of our blobs without a ledger entry is an orphan."""

_BLOBS = pa.schema(
    [
        ("region", pa.string()),
        ("store", pa.string()),
        ("container", pa.string()),
        ("name", pa.string()),
        ("bytes", pa.int64()),
        ("ours", pa.bool_()),
        ("modified", pa.timestamp("us")),
        ("place", pa.int32()),
    ]
)


@dataclass
class Evidence:
    """The session, with the load's own tables (`bronze.ledger`, ...) and temporary ones.

    ============ ==================================================================================
    `entries`    as `bronze.ledger`
    `blobs`      region, store (`region`, `centre`; `former`: a central store that the signal is
                 not read from), container, name, bytes, ours, modified, place (the number of the
                 central store)
    `routes`     region, signal, loaded, at_home, days, grace_days (of retention), forwards, since
    `stays`      region, name: blobs from before their route's `since` that did not travel
    `removed`    region, store, container, name, sha256: what retention removed, or is about to;
                 place
    `cleared`    region, instance, seq: up to which entry retention removed an instance's ledger
    ============ ==================================================================================
    """

    warehouse: DuckDBWarehouse
    destination: Warehouse | SparkReading
    """The warehouse that records are in; the session itself where that is DuckDB's file."""
    unread: dict[str, str] = field(default_factory=dict)
    """The regions whose stores could not be looked at, and why; the books trust the warehouse."""
    isolated: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    """Objects in a ledger that are no ledger entries."""
    unexplained: list[str] = field(default_factory=list)
    """What is wrong with the records of removals."""

    def count_rows(self) -> None:
        """Add the table `bronze_rows`: how many rows of each blob the warehouse has, or had.

        Its columns are region, signal, blob, records, and decayed: those of the records that went
        once the models held their sums.
        """
        self.warehouse.define(
            "CREATE TEMP TABLE present "
            "(region VARCHAR, signal VARCHAR, blob VARCHAR, records BIGINT)"
        )
        for signal in Signal:
            counted = self.destination.arrow(
                f"SELECT region, '{signal}' AS signal, blob, count(*) AS records "  # noqa: S608
                f"FROM bronze.{signal.bronze_table} GROUP BY region, blob"
            )
            self.warehouse.append("present", counted.read_all())
        self.warehouse.define(
            """
            CREATE TEMP TABLE bronze_rows AS
            SELECT region, signal, blob, sum(records)::BIGINT AS records,
                sum(decayed)::BIGINT AS decayed
            FROM (
                SELECT *, 0 AS decayed FROM present
                UNION ALL
                SELECT region, signal, blob, records, records FROM bronze.decayed
            )
            GROUP BY ALL
            """
        )

    def without_entry(self, *, orphans: bool) -> list[tuple[str, str, str]]:
        """List our blobs that no entry names: orphans, or those whose entry may still come.

        Given are region, container and name.
        """
        return [
            (region, container, name)
            for region, container, name in self.warehouse.query(
                """
                SELECT region, container, name FROM blobs
                WHERE ours AND (modified <= now()::TIMESTAMP - to_hours($1)) = $2
                    AND (region, name) NOT IN (
                        SELECT (region, blob) FROM entries WHERE blob IS NOT NULL
                    )
                ORDER BY ALL
                """,
                (ORPHAN_HOURS, orphans),
            )
        ]


@contextmanager
def gather(platform: Platform, progress: Callable[[str], None]) -> Iterator[Evidence]:
    """Bring all that there is together; a region that cannot be reached is told in `unread`."""
    with open_books(platform) as (warehouse, destination):
        found = Evidence(warehouse, destination)
        warehouse.connection.execute(
            "CREATE TEMP TABLE entries AS FROM bronze.ledger; "
            "CREATE TEMP TABLE routes "
            "(region VARCHAR, signal VARCHAR, loaded BOOLEAN, at_home BOOLEAN, days INTEGER, "
            "grace_days INTEGER, forwards BOOLEAN, since DATE); "
            "CREATE TEMP TABLE removed AS SELECT region, '' AS store, container, blob AS name, "
            "sha256, 0 AS place FROM bronze.removed; "
            "CREATE TEMP TABLE cleared (region VARCHAR, instance VARCHAR, seq BIGINT)"
        )
        with warehouse.registered(no_blobs=_BLOBS.empty_table()):
            warehouse.connection.execute("CREATE TEMP TABLE blobs AS FROM no_blobs")
        for region in platform.regions.values():
            if platform.ledger_from(region.name) is None:
                found.isolated.append(region.name)
                continue
            progress(f"{region.name}: reading its ledger and listing its blobs")
            _add_routes(warehouse, platform, region)
            try:
                _add_region(found, platform, region)
            except MainstemError as error:
                found.unread[region.name] = error.message
        warehouse.connection.execute(_STAYS)
        yield found


_STAYS = r"""
CREATE TEMP TABLE stays AS
WITH told AS (
    SELECT region, signal, blob AS name, left(hour, 10) AS day FROM entries
    WHERE kind = 'segment' AND blob IS NOT NULL
    UNION ALL
    SELECT region, container, name, coalesce(
        replace(nullif(regexp_extract(name, '\d{4}/\d{2}/\d{2}'), ''), '/', '-'),
        strftime(modified, '%Y-%m-%d')
    ) FROM blobs WHERE store = 'region' AND NOT ours
)
SELECT DISTINCT told.region, told.name FROM told
JOIN routes ON routes.region = told.region AND routes.signal = told.signal
WHERE told.day < strftime(routes.since, '%Y-%m-%d')
    AND NOT EXISTS (
        FROM blobs AS there WHERE there.region = told.region AND there.store = 'centre'
            AND there.name = told.name
    )
"""


def _add_routes(warehouse: DuckDBWarehouse, platform: Platform, region: Region) -> None:
    for signal in Signal:
        warehouse.change(
            "INSERT INTO routes VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                region.name,
                signal.value,
                platform.loaded_from(region.name, signal) is not None,
                platform.home == region.name,
                region.retention.days_of(signal),
                region.retention.grace_days,
                platform.home != region.name and region.route(signal) is Route.FORWARD,
                None if platform.home == region.name else region.routes[signal].since,
            ),
        )


def _add_region(found: Evidence, platform: Platform, region: Region) -> None:
    warehouse = found.warehouse
    if region.store is None:
        return
    store = Account.open(region.store, platform.directory)
    reading = read_new(warehouse, region.name, store.container(LEDGER))
    found.unreadable += [f"{region.name}: {LEDGER}/{name}" for name in reading.unreadable]
    rows = [ledger_row(entry, 0) for entry in reading.entries if entry.region == region.name]
    if rows:
        with warehouse.registered(new_entries=pa.Table.from_pylist(rows)):
            warehouse.connection.execute("INSERT INTO entries BY NAME FROM new_entries")
    used = warehouse.query(
        "SELECT DISTINCT container FROM entries WHERE region = ? AND container IS NOT NULL "
        # What the central collector wrote is at the centre.
        "AND NOT starts_with(container, ?)",
        (region.name, central_container(region.name, "")),
    )
    for name in sorted({signal.value for signal in Signal} | {row[0] for row in used}):
        _add_blobs(warehouse, region.name, "region", store.container(name))
    _add_removals(found, region, "region", store)
    if platform.central is None or platform.home == region.name:
        return
    for place, address in enumerate(platform.central.addresses):
        account = Account.open(address, platform.directory)
        for signal in Signal:
            configured = platform.centre_of(region.name, signal) == address
            container = account.container(central_container(region.name, signal.value))
            kind = "centre" if configured else "former"
            _add_blobs(warehouse, region.name, kind, container, place)
        _add_removals(found, region, "centre", account, place)


def _add_removals(
    found: Evidence, region: Region, store: str, account: Account, place: int = 0
) -> None:
    """Read what retention removed of late: what is older than its retention needs no record."""
    since = time.time_ns() - (region.retention.longest_days + 1) * 86_400 * 1_000_000_000
    try:
        steps = recent_removals(account.container(RETENTION), region.name, since)
    except DataError as error:
        found.unexplained.append(f"{region.name}: {error.message}")
        return
    rows = [
        {
            "region": region.name,
            "store": store,
            "container": removal.container,
            "name": removal.name,
            "sha256": removal.sha256,
            "place": place,
        }
        for step in steps
        for removal in step.removals
    ]
    if rows:
        with found.warehouse.registered(new_removals=pa.Table.from_pylist(rows)):
            found.warehouse.connection.execute("INSERT INTO removed FROM new_removals")
    for instance, seq in steps[-1].ledger.marks.items() if steps else ():
        found.warehouse.change("INSERT INTO cleared VALUES (?, ?, ?)", (region.name, instance, seq))


def _add_blobs(
    warehouse: DuckDBWarehouse, region: str, store: str, container: Container, place: int = 0
) -> None:
    infos = list(container.list())
    rows = pa.table(
        {
            "region": [region] * len(infos),
            "store": [store] * len(infos),
            "container": [container.name] * len(infos),
            "name": [info.name for info in infos],
            "bytes": [info.bytes for info in infos],
            "ours": [has_segment_id(info.name) for info in infos],
            "modified": [timestamp(int(info.modified_at_unix * 1e9)) for info in infos],
            "place": [place] * len(infos),
        },
        schema=_BLOBS,
    )
    with warehouse.registered(listed=rows):
        warehouse.connection.execute("INSERT INTO blobs FROM listed")
