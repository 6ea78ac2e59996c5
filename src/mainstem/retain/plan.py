"""What has to go: decided from the ledger, the load's own books and what the stores list.

A blob's age counts from its segment's hour, as its ledger entry says; without an entry, from the
time in its name, and last from when it was written. Where the clock or a listing cannot be right,
or where most of a store would go, nothing goes until a person says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mainstem.books.evidence import gather
from mainstem.records import CONVERTED_SUFFIX, LOCAL_SUFFIX
from mainstem.retain.holds import HeldCandidate, Holds
from mainstem.store import (
    LEDGER,
    READS,
    Account,
    Cleared,
    Reason,
    Removal,
    central_container,
    entry_beside,
    entry_place,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mainstem.books.evidence import Evidence
    from mainstem.config.platform import Platform, Region
    from mainstem.warehouse import DuckDBWarehouse, Warehouse

LEDGER_DAYS = 400
SHARE = 0.5
"""Removing more than this of a store's blobs, or of its ledger, at once takes a person's word."""
AHEAD = timedelta(days=1)
BEHIND = timedelta(days=2)
"""The newest ledger entry may lie so far from the clock; a collector writes one in 5 minutes."""


@dataclass
class Holding:
    """A store's blobs of one signal, or its ledger: what is there, and what of it would go.

    `oldest` is UTC without a zone. `unloaded` of the blobs that go, with `unloaded_records`, have
    not been loaded and go all the same. `held` are as old and stay, by a legal hold.
    """

    region: str
    store: str
    signal: str
    blobs: int = 0
    bytes: int = 0
    oldest: datetime | None = None
    going: int = 0
    going_bytes: int = 0
    unloaded: int = 0
    unloaded_records: int = 0
    held: int = 0


@dataclass(frozen=True)
class Going:
    """A blob that has to go; `recorded`: a step that did not come to its end names it already."""

    removal: Removal
    recorded: bool


@dataclass
class StorePlan:
    """What has to go from one region's part of one store: `region`, or `centre`, one of several.

    `place` is the central store's number.

    A removal's `sha256` is empty where neither the ledger nor a load has told it. `stops` says why
    nothing goes unless a person insists.
    """

    region: str
    store: str
    account: Account
    ledger_container: str
    place: int = 0
    holdings: list[Holding] = field(default_factory=list)
    blobs: list[Going] = field(default_factory=list)
    ledger: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    cleared: Cleared = field(default_factory=Cleared)
    stops: list[str] = field(default_factory=list)

    @property
    def at_region(self) -> bool:
        """Whether this is the region's own store."""
        return self.store == "region"

    @property
    def alarms(self) -> list[str]:
        """Say what goes that was never loaded."""
        return [
            f"{self.region} {holding.signal} ({self.store}): {holding.unloaded:,} blobs with "
            f"{holding.unloaded_records:,} records by their entries were not loaded in time"
            for holding in self.holdings
            if holding.unloaded
        ]


@dataclass
class Plan:
    """What has to go from every store, the regions' before the centre's, at a time."""

    at: datetime
    stores: list[StorePlan] = field(default_factory=list)
    isolated: list[str] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)
    """Regions whose stores or ledgers could not be read: nothing of them goes."""
    problems: list[str] = field(default_factory=list)


def plan_retention(
    platform: Platform,
    *,
    now: datetime | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Plan:
    """Tell what has to go by `now`, the clock's time unless given; nothing is changed.

    WarehouseBusy while a load runs: what it has loaded decides.
    """
    now = now or datetime.now(UTC)
    plan = Plan(now)
    with gather(platform, progress) as evidence:
        plan.isolated, plan.unread = evidence.isolated, evidence.unread
        plan.problems = evidence.unexplained
        _judge(evidence.warehouse, now)
        regions = [
            region
            for region in platform.regions.values()
            if region.name not in evidence.isolated and region.name not in evidence.unread
        ]
        for store in _stores(platform, regions):
            progress(f"{store.region}: planning what goes from its {store.store} store")
            holds = Holds(platform, platform.regions[store.region])
            _plan_blobs(evidence, store, holds, now)
            _plan_ledger(platform.regions[store.region], store, now)
            if store.at_region:
                _plan_reads(platform.regions[store.region], store, now)
            store.stops += _too_much(store)
            plan.stores.append(store)
    return plan


def _stores(platform: Platform, regions: list[Region]) -> Iterator[StorePlan]:
    """Give the regions' stores first, so that no copy goes while its original could be copied."""
    for region in regions:
        if region.store is not None:
            account = Account.open(region.store, platform.directory)
            yield StorePlan(region.name, "region", account, LEDGER)
    if platform.central is None:
        return
    addresses = platform.central.addresses
    for place, address in enumerate(addresses):
        centre = Account.open(address, platform.directory)
        store = "centre" if len(addresses) == 1 else f"centre ({centre.label})"
        for region in regions:
            if platform.home != region.name:
                ledger = central_container(region.name, LEDGER)
                yield StorePlan(region.name, store, centre, ledger, place)


_NAME_TIME = r"^.*?(\d{4}/\d{2}/\d{2})/[^/]*?_(\d{2}_\d{2}_\d{2}).*$"

_JUDGE = rf"""
CREATE TEMP TABLE held AS
WITH known AS (
    SELECT region, blob, any_value(signal) AS signal, any_value("class") AS class,
        any_value(sha256) AS sha256, any_value(stored) AS records,
        any_value(container) AS container, min(first_time) AS first_time,
        max(last_time) AS last_time,
        min(try_strptime(hour, '%Y-%m-%dT%H')) AS hour
    FROM entries WHERE kind = 'segment' AND blob IS NOT NULL
    GROUP BY region, blob
),
containers AS (
    SELECT region, container, any_value(signal) AS signal, any_value("class") AS class FROM entries
    WHERE container IS NOT NULL AND signal IS NOT NULL GROUP BY region, container
),
done AS (
    SELECT region, signal, blob, any_value(sha256) AS sha256 FROM bronze.load_blobs
    WHERE status <> 'replaced' GROUP BY ALL
),
aged AS (
    SELECT blobs.*, known.records, known.first_time, known.last_time,
        coalesce(known.container, blobs.container) AS own_container,
        -- The part of a central container's name after the region's is the signal's.
        coalesce(known.signal, containers.signal,
            replace(blobs.container, blobs.region || '-', '')) AS signal,
        coalesce(known.class, containers.class) AS class,
        coalesce(known.sha256, done.sha256, '') AS sha256,
        done.blob IS NOT NULL AS loaded,
        coalesce(
            known.hour,
            least(coalesce(
                try_strptime(regexp_replace(name, '{_NAME_TIME}', '\1 \2'), '%Y/%m/%d %H_%M_%S'),
                try_strptime(regexp_extract(name, '\d{{4}}/\d{{2}}/\d{{2}}'), '%Y/%m/%d')
            ), modified),
            modified
        ) AS since
    FROM blobs
    LEFT JOIN known ON known.region = blobs.region AND known.blob = blobs.name
    LEFT JOIN containers
        ON containers.region = blobs.region AND containers.container = blobs.container
    LEFT JOIN done ON done.region = blobs.region AND done.blob = blobs.name
        AND done.signal = coalesce(known.signal, containers.signal,
            replace(blobs.container, blobs.region || '-', ''))
),
waiting AS (
    SELECT aged.*, routes.days, routes.grace_days,
        routes.loaded AND NOT aged.loaded
            -- What a region's collector sends on is loaded from where the centre wrote it.
            AND NOT (routes.forwards AND aged.store = 'region')
            AND coalesce(aged.class, aged.signal) IN (
                aged.signal, aged.signal || '{CONVERTED_SUFFIX}',
                if(routes.at_home, aged.signal || '{LOCAL_SUFFIX}', aged.signal)
            )
            -- A store that the signal is not read from any more.
            AND aged.store <> 'former'
            AND NOT EXISTS (
                FROM stays WHERE stays.region = aged.region AND stays.name = aged.name
            ) AS waits
    FROM aged JOIN routes ON routes.region = aged.region AND routes.signal = aged.signal
)
SELECT *, CASE
    WHEN since >= $now - to_days(days) THEN NULL
    WHEN NOT waits THEN '{Reason.AGED}'
    WHEN since < $now - to_days(days + grace_days) THEN '{Reason.UNLOADED}'
END AS reason
FROM waiting
"""  # noqa: S608


def _judge(warehouse: DuckDBWarehouse, now: datetime) -> None:
    """Make the table `held`: each blob with its signal, age and the reason why it goes, if any."""
    warehouse.connection.execute(_JUDGE, {"now": _plain(now)})


def _plan_blobs(evidence: Evidence, store: StorePlan, holds: Holds, now: datetime) -> None:
    warehouse, key = evidence.warehouse, (store.region, store.at_region, store.place)
    rows = warehouse.query(
        """
        SELECT signal, count(*), sum(bytes)::BIGINT, min(since) FROM held
        WHERE region = ? AND (store = 'region') = ? AND place = ? GROUP BY signal ORDER BY signal
        """,
        key,
    )
    holdings = {row[0]: Holding(store.region, store.store, *row) for row in rows}
    going = warehouse.query(
        """
        SELECT signal, container, own_container, name, bytes, held.sha256,
            strftime(since, '%Y-%m-%dT%H:%M:%SZ'), reason, first_time, last_time,
            coalesce(records, 0),
            EXISTS (
                FROM removed WHERE removed.region = held.region AND removed.name = held.name
                    AND (removed.store = '' OR (
                        (removed.store = 'region') = (held.store = 'region')
                        AND removed.place = held.place
                    ))
                    AND removed.container = held.container
                    AND (held.sha256 = '' OR removed.sha256 = held.sha256)
            )
        FROM held
        WHERE region = ? AND (store = 'region') = ? AND place = ? AND reason IS NOT NULL
        ORDER BY since, container, name
        """,
        key,
    )
    for signal, container, own, name, size, sha256, since, reason, first, last, *rest in going:
        records, recorded = rest
        holding = holdings[signal]
        # A step that died has said already that the blob goes.
        if not recorded and holds.on(HeldCandidate(own, name, first, last)) is not None:
            holding.held += 1
            continue
        holding.going += 1
        holding.going_bytes += size
        if reason == Reason.UNLOADED:
            holding.unloaded += 1
            holding.unloaded_records += records
        removal = Removal(container, name, size, sha256, since, Reason(reason))
        store.blobs.append(Going(removal, recorded))
    store.holdings = list(holdings.values())
    store.stops += _doubts(warehouse, store, now)


def _doubts(warehouse: Warehouse, store: StorePlan, now: datetime) -> Iterator[str]:
    """Say why clock, ledger and listing cannot all be right."""
    newest: datetime | None = warehouse.value(
        'SELECT max("at") FROM entries WHERE region = ?', (store.region,)
    )
    ours, listed = warehouse.query(
        "SELECT count(*) FILTER (ours), count(*) FROM blobs "
        "WHERE region = ? AND (store = 'region') = ? AND place = ?",
        (store.region, store.at_region, store.place),
    )[0]
    if newest is None:
        if ours:
            yield f"its ledger is empty, and {ours:,} blobs of our collectors are there"
        return
    ahead = newest - _plain(now)
    if ahead > AHEAD:
        yield (
            f"the newest ledger entry lies {_days(ahead)} in the future: this clock or the "
            "collector's is wrong"
        )
    elif -ahead > BEHIND:
        yield (
            f"the newest ledger entry is {_days(-ahead)} old: the clock has jumped, or the "
            "collector is gone"
        )
    if not listed and store.at_region:
        expected = warehouse.value(
            """
            SELECT count(*) FROM entries AS entry
            JOIN routes ON routes.region = entry.region AND routes.signal = entry.signal
            WHERE entry.region = $1 AND entry.kind = 'segment' AND blob IS NOT NULL
                AND coalesce(class, entry.signal) IN (entry.signal, entry.signal || $3)
                AND try_strptime(hour, '%Y-%m-%dT%H') >= $2 - to_days(days)
                AND NOT EXISTS (
                    FROM removed WHERE removed.region = entry.region AND removed.name = entry.blob
                )
            """,
            (store.region, _plain(now), LOCAL_SUFFIX),
        )
        if expected:
            yield f"it lists no blob, and by the ledger {expected:,} must be there"


def _plan_ledger(region: Region, store: StorePlan, now: datetime) -> None:
    """Entries and heads go after 400 days; `.lines` once no blob and no repeat may need them."""
    entries_before = _day(now - timedelta(days=LEDGER_DAYS))
    lines_before = _day(now - timedelta(days=region.retention.longest_days + 1))
    holding = Holding(store.region, store.store, LEDGER)
    marks: dict[str, int] = {}
    oldest = None
    for info in store.account.container(store.ledger_container).list():
        entry = entry_beside(info.name)
        if entry is None:
            continue
        place = entry_place(entry)
        holding.blobs += 1
        holding.bytes += info.bytes
        oldest = min(oldest or place.day, place.day)
        if place.day < (lines_before if info.name.endswith(".lines") else entries_before):
            holding.going += 1
            holding.going_bytes += info.bytes
            store.ledger.append(info.name)
            if entry == info.name:
                marks[place.instance] = max(place.seq, marks.get(place.instance, 0))
    if oldest is not None:
        holding.oldest = datetime.strptime(oldest, "%Y/%m/%d")
        store.holdings.append(holding)
    store.cleared = Cleared(entries_before, lines_before, marks)


def _plan_reads(region: Region, store: StorePlan, now: datetime) -> None:
    """Plan for the notes of who read in the region; their names begin with the day."""
    before = _day(now - timedelta(days=region.retention.reads_days))
    holding = Holding(store.region, store.store, READS)
    for info in store.account.container(READS).list():
        day = info.name[: len(before)]
        holding.blobs += 1
        holding.bytes += info.bytes
        if holding.oldest is None:
            holding.oldest = datetime.strptime(day, "%Y/%m/%d")
        if day < before:
            holding.going += 1
            holding.going_bytes += info.bytes
            store.reads.append(info.name)
    if holding.blobs:
        store.holdings.append(holding)
    store.cleared = replace(store.cleared, reads_before=before)


def _too_much(store: StorePlan) -> Iterator[str]:
    blobs = [holding for holding in store.holdings if holding.signal not in (LEDGER, READS)]
    ledger = [holding for holding in store.holdings if holding.signal == LEDGER]
    reads = [holding for holding in store.holdings if holding.signal == READS]
    for what, holdings in (
        ("blobs", blobs),
        ("ledger's objects", ledger),
        ("notes of reads", reads),
    ):
        going, there = _sum(h.going for h in holdings), _sum(h.blobs for h in holdings)
        if going > SHARE * there:
            yield f"{going:,} of its {there:,} {what} would go at once"


def _sum(numbers: Iterable[int]) -> int:
    return sum(numbers)


def _plain(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


def _day(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y/%m/%d")


def _days(span: timedelta) -> str:
    return f"{span / timedelta(days=1):.1f} days"
