"""One load: new ledger entries, then our blobs, then foreign ones, then business files."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from mainstem.aggregates import take_weeks
from mainstem.config.warehouse import Engine
from mainstem.errors import MainstemError
from mainstem.load.bronze import Bronze
from mainstem.load.choice import ALL_NEW
from mainstem.load.fetch import BlobReplaced, Content, fetch_listed, fetch_own, read_ahead
from mainstem.load.ledger import now, take_ledger
from mainstem.load.plan import changed_blobs, origins, own_blobs
from mainstem.load.repeats import oldest_repeated
from mainstem.load.sources import changed_sources, load_source
from mainstem.warehouse import WarehouseFailed, bring_forward, open_warehouse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mainstem.config.platform import Platform
    from mainstem.load.bronze import Outcome
    from mainstem.load.choice import Choice
    from mainstem.load.fetch import Fetched
    from mainstem.load.plan import ListedBlob, Origin, OwnBlob
    from mainstem.warehouse import Warehouse

STEP_BLOBS, STEP_BYTES = 128, 256 * 1024 * 1024
"""A transaction takes blobs until it has so many, or so many bytes: a commit costs a disk sync, and
writes the table's last rows, which are not yet a whole row group, once more."""
WAREHOUSE_MB = 512
"""Of the process's memory for an embedded warehouse, which else takes what a machine has."""

T = TypeVar("T", bound="OwnBlob | ListedBlob")


@dataclass
class Loaded:
    """What a load did with one region's signal; in blobs and records."""

    region: str
    signal: str
    blobs: int = 0
    records: int = 0
    duplicate: int = 0
    quarantined: int = 0
    equal: int = 0
    """Records of foreign blobs that equal another one; they are among `records`."""


@dataclass
class LoadResult:
    """What a load did. `load_id` is None where there was nothing to load."""

    load_id: int | None = None
    entries: int = 0
    signals: dict[tuple[str, str], Loaded] = field(default_factory=dict)
    sources: dict[str, int] = field(default_factory=dict)
    weeks: dict[str, int] = field(default_factory=dict)
    """Weekly counts, by the region that publishes them."""
    problems: list[str] = field(default_factory=list)
    failed: dict[str, MainstemError] = field(default_factory=dict)

    @property
    def nothing_new(self) -> bool:
        """Whether all that is there had been loaded before."""
        return self.load_id is None and not self.problems and not self.failed


def load(
    platform: Platform,
    progress: Callable[[str], None] = lambda _: None,
    choice: Choice = ALL_NEW,
) -> LoadResult:
    """Load what is new, or of it what is chosen; the same call again finds nothing new.

    WarehouseBusy where another process holds the warehouse, WarehouseFailed where it does not take
    the load. A region that cannot be reached is reported and does not hold up the others; a bad
    blob goes to quarantine, and the rest goes on.
    """
    if platform.warehouse.engine is Engine.SPARK:
        # Its rooms rest on this module's result.
        from mainstem.load.spark import load_by_spark  # noqa: PLC0415

        return load_by_spark(platform, progress, choice)
    with open_warehouse(platform) as warehouse:
        warehouse.bound_memory(WAREHOUSE_MB)
        bring_forward(warehouse)
        return _Load(platform, warehouse, progress, choice).run()


class _Load:
    def __init__(
        self,
        platform: Platform,
        warehouse: Warehouse,
        progress: Callable[[str], None],
        choice: Choice,
    ) -> None:
        self._platform = platform
        self._choice = choice
        self._named: set[str] = set()
        self._warehouse = warehouse
        self._progress = progress
        self._result = LoadResult()
        # Dense, and safe to take here: this process alone holds the warehouse for writing.
        self._load_id: int = 1 + (warehouse.value("SELECT max(load_id) FROM bronze.loads") or 0)
        self._bronze = Bronze(warehouse, self._load_id, replays=choice.replay is not None)

    def run(self) -> LoadResult:
        if not self._choice.business:
            self._load_regions()
        self._load_sources()
        self._finish()
        self._result.problems += map(self._missing, self._choice.unknown(self._named))
        return self._result

    def _load_regions(self) -> None:
        for region in self._platform.regions:
            self._attempt(region, partial(self._take_entries, region))
        for origin in origins(self._platform):
            self._attempt(origin.region.name, partial(self._load_origin, origin))
        for region in self._platform.regions:
            self._attempt(region, partial(self._take_weeks, region))

    def _attempt(self, region: str, step: Callable[[], None]) -> None:
        if region not in self._result.failed:
            try:
                step()
            except WarehouseFailed:
                raise  # It is the same one for every region.
            except MainstemError as error:
                self._result.failed[region] = error

    def _take_entries(self, region: str) -> None:
        self._progress(f"{region}: reading the ledger")
        self._result.entries += take_ledger(
            self._warehouse, self._platform, region, self._load_id, self._result.problems
        )

    def _take_weeks(self, region: str) -> None:
        weeks, problems = take_weeks(
            self._warehouse,
            self._platform,
            self._platform.regions[region],
            self._load_id,
            self._begin,
        )
        if weeks:
            self._result.weeks[region] = weeks
        self._result.problems += problems

    def _load_origin(self, origin: Origin) -> None:
        listed = changed_blobs(self._warehouse, origin, self._choice)
        self._take(origin, listed.own, fetch_listed, self._check_own)
        own, begun = own_blobs(self._warehouse, origin, self._choice), self._begun
        self._take(origin, own, lambda blob: begun(blob, fetch_own(blob)), self._take_own)
        self._take(
            origin,
            listed.foreign,
            lambda blob: begun(blob, fetch_listed(blob)),
            self._take_foreign,
        )
        with self._warehouse.transaction():
            if listed.foreign and (equal := self._bronze.report_equal(origin)):
                self._result.signals[origin.region.name, origin.signal.value].equal = equal

    def _begun(self, blob: OwnBlob | ListedBlob, got: Fetched | None) -> Fetched | None:
        """Let a blob be decoded while the one before it is inserted."""
        if got is None or got.problem is not None:
            return got
        return replace(got, rows=self._bronze.decode(blob, got))

    def _take(
        self,
        origin: Origin,
        wanted: list[T],
        fetch: Callable[[T], Fetched | None],
        take: Callable[[T, Fetched], Outcome | None],
    ) -> None:
        """Take blobs in transactions of many; what is not there (any more) waits."""
        place = f"{origin.region.name} {origin.signal.value}"
        done = 0
        # Closed here, whatever happens: left to the garbage collector, which may run in any thread,
        # its readers are waited for where they cannot end.
        with closing(read_ahead(wanted, fetch)) as fetched:
            for step in _in_steps(fetched):
                tally: list[Outcome | None] = []
                try:
                    with self._warehouse.transaction():
                        for blob, got in step:
                            self._named.add(blob.name)
                            tally.append(take(blob, got))
                        outcomes = [outcome for outcome in tally if outcome is not None]
                        if outcomes:
                            self._begin()
                            self._bronze.touch(origin)
                except BlobReplaced:
                    # It was read in pieces, and alone in its transaction; the next load finds it.
                    self._progress(f"{place}: a blob was written to while it was read")
                    continue
                self._count(origin, outcomes)
                done += len(tally)
                self._progress(f"{place}: {done} of {len(wanted)} blobs")

    def _take_own(self, blob: OwnBlob, got: Fetched) -> Outcome | None:
        if self._leave_closed(blob, got):
            return None
        outcome = self._bronze.take_own(blob, got)
        if outcome.status == "quarantined":
            self._result.problems.append(f"{_place(blob)} is not what its ledger entry says")
        return outcome

    def _take_foreign(self, blob: ListedBlob, got: Fetched) -> Outcome | None:
        if self._leave_closed(blob, got):
            return None
        return self._bronze.take_foreign(blob, got)

    def _leave_closed(self, blob: OwnBlob | ListedBlob, got: Fetched) -> bool:
        leaves = self._bronze.leave_closed(blob, got)
        if leaves:
            self._result.problems.append(
                f"{_place(blob)} was not taken again: the detail of days that it has records of "
                "decayed, and their sums hold what it gave"
            )
        return leaves

    def _check_own(self, blob: ListedBlob, got: Fetched) -> None:
        if self._bronze.check_own(blob, got):
            self._result.problems.append(f"{_place(blob)} was changed after it was loaded")

    def _missing(self, name: str) -> str:
        loaded = self._warehouse.value(
            "SELECT max(load_id) FROM bronze.load_blobs WHERE blob = $1 AND status <> 'replaced'",
            (name,),
        )
        if loaded is None:
            return f"{name} was not found, or waits for its ledger entry"
        return f"{name} was loaded before, by load {loaded}; `--replay` with its day takes it again"

    def _load_sources(self) -> None:
        as_of = self._choice.extracts_as_of
        for extract in changed_sources(self._warehouse, self._platform.sources, as_of):
            self._progress(f"sources: {extract.table.name}")
            taken = load_source(self._warehouse, extract, self._load_id)
            self._result.problems += taken.problems
            if taken.rows is not None:
                self._begin()
                self._result.sources[extract.table.name] = taken.rows

    def _count(self, origin: Origin, outcomes: Iterable[Outcome]) -> None:
        key = origin.region.name, origin.signal.value
        loaded = self._result.signals.get(key, Loaded(*key))
        for outcome in outcomes:
            loaded.blobs += 1
            loaded.records += outcome.loaded
            loaded.duplicate += outcome.duplicate
            loaded.quarantined += outcome.quarantined
            self._result.signals[key] = loaded

    def _begin(self) -> None:
        """Write the load down in the transaction of the first that it loads."""
        self._warehouse.change(
            """
            INSERT INTO bronze.loads (load_id, started_at, blobs, records)
            SELECT CAST($1 AS BIGINT), CAST($2 AS TIMESTAMP), 0, 0
            WHERE NOT EXISTS (SELECT 1 FROM bronze.loads WHERE load_id = $1)
            """,
            (self._load_id, now()),
        )

    def _finish(self) -> None:
        """Write the load's end down, and let digests go that no blob can repeat any more."""
        begun = self._warehouse.value("SELECT max(load_id) FROM bronze.loads")
        if begun != self._load_id:
            return
        self._result.load_id = self._load_id
        oldest = oldest_repeated(self._platform)
        loaded = self._result.signals.values()
        with self._warehouse.transaction():
            self._warehouse.change(
                "UPDATE bronze.loads SET finished_at = $1, blobs = $2, records = $3 "
                "WHERE load_id = $4",
                (
                    now(),
                    sum(signal.blobs for signal in loaded),
                    sum(signal.records for signal in loaded),
                    self._load_id,
                ),
            )
            for table in ("request_digests", "foreign_lines"):
                self._warehouse.change(
                    f"DELETE FROM bronze.{table} WHERE received_at < $1",  # noqa: S608
                    (oldest,),
                )


def _in_steps(fetched: Iterator[tuple[T, Fetched]]) -> Iterator[Iterator[tuple[T, Fetched]]]:
    """Cut a stream of blobs into transactions, without holding more than one blob.

    One that is read in pieces has a transaction of its own.
    """
    following = next(fetched, None)
    while following is not None:

        def step(taken: tuple[T, Fetched]) -> Iterator[tuple[T, Fetched]]:
            nonlocal following
            count = size = 0
            while True:
                yield taken
                count, size = count + 1, size + taken[1].content.size
                following = next(fetched, None)
                if (
                    following is None
                    or count == STEP_BLOBS
                    or size + following[1].content.size > STEP_BYTES
                    or isinstance(following[1].content, Content)
                    or isinstance(taken[1].content, Content)
                ):
                    return
                taken = following

        yield step(following)


def _place(blob: OwnBlob | ListedBlob) -> str:
    return f"{blob.origin.region.name} {blob.origin.signal.value}: {blob.container}/{blob.name}"
