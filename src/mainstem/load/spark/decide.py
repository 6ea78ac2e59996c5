"""Make a plan: what is new, by the same rules as the embedded load, in a session beside Spark.

The session is DuckDB's, in memory, with the load's own tables as they were at the plan's versions;
the same queries decide there as on any other warehouse.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from time import time_ns
from typing import TYPE_CHECKING

import pyarrow as pa

from mainstem.errors import MainstemError
from mainstem.load.ledger import take_entries, take_ledger, take_removals, unix_nano
from mainstem.load.plan import changed_blobs, origins, own_blobs
from mainstem.load.sources import changed_sources, load_source
from mainstem.store import LEDGER, central_container
from mainstem.warehouse import bring_forward
from mainstem.warehouse.duckdb import open_memory
from mainstem.warehouse.spark import Plan, SparkReading, Task, Writer
from mainstem.warehouse.tables import books_table, source_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mainstem.config.platform import Platform
    from mainstem.load.choice import Choice
    from mainstem.load.plan import ListedBlob, Origin, OwnBlob
    from mainstem.load.sources import TableReader
    from mainstem.warehouse import DuckDBWarehouse
    from mainstem.warehouse.spark import Lake

MOST_BLOBS = 1_000
"""Blobs a plan takes of one signal's kind, so that a backfill goes on where it stopped."""
_DECIDE = ("ledger", "loads", "load_blobs", "removed", "quarantine_decisions", "source_files")
"""The tables that decide what is new; business tables decide what an extract makes of them."""


@dataclass
class Decision:
    """A plan, and what it could not look at. `more` says that it left blobs to the next one."""

    plan: Plan
    problems: list[str] = field(default_factory=list)
    failed: dict[str, MainstemError] = field(default_factory=dict)
    more: bool = False


@contextmanager
def books_at(lake: Lake, versions: dict[str, int]) -> Iterator[DuckDBWarehouse]:
    """Give a session with the tables that decide, as they were at the given versions."""
    with open_memory("spark") as session:
        bring_forward(session)
        reading = SparkReading(lake, versions)
        for table in (*map(books_table, _DECIDE), *source_tables()):
            if table.path in versions:
                session.append(table.path, reading.read(table))
        yield session


def decide(
    platform: Platform,
    session: DuckDBWarehouse,
    versions: dict[str, int],
    attempted: set[tuple[str, str]],
    *,
    choice: Choice,
    read_table: TableReader,
    progress: Callable[[str], None],
) -> Decision:
    """Plan the next load; the session then has the ledger's new rows and the business tables too.

    `attempted` are blobs, by container and name, that this command tried and had to leave.
    """
    load_id = 1 + (session.value("SELECT max(load_id) FROM bronze.loads") or 0)
    made = Decision(Plan(load_id, time_ns(), Writer.this(), versions))
    if not choice.business:
        _decide_regions(
            made, platform, session, attempted=attempted, choice=choice, progress=progress
        )
    for extract in changed_sources(session, platform.sources, choice.extracts_as_of):
        taken = load_source(session, extract, load_id, read_table)
        made.problems += taken.problems
        if taken.rows is not None:
            made.plan.sources[extract.table.name] = taken.sha256
            made.plan.sources_as_of[extract.table.name] = extract.as_of.isoformat()
    return made


def _decide_regions(
    made: Decision,
    platform: Platform,
    session: DuckDBWarehouse,
    *,
    attempted: set[tuple[str, str]],
    choice: Choice,
    progress: Callable[[str], None],
) -> None:
    load_id = made.plan.load_id
    for region in platform.regions:
        progress(f"{region}: reading the ledger")
        try:
            take_ledger(session, platform, region, load_id, made.problems)
        except MainstemError as error:
            made.failed[region] = error
    made.plan.entries.update(_entry_ranges(session, load_id))
    made.plan.removals.update(
        session.query(
            "SELECT region, max(step) FROM bronze.removed WHERE load_id = $1 GROUP BY region",
            (load_id,),
        )
    )
    for origin in origins(platform):
        name = origin.region.name
        if name in made.failed:
            continue
        progress(f"{name} {origin.signal}: listing")
        try:
            found = list(_tasks(session, origin, choice))
        except MainstemError as error:
            made.failed[name] = error
            continue
        wanted = [task for task in found if (task.container, task.name) not in attempted]
        made.plan.tasks.extend(wanted[:MOST_BLOBS])
        made.more = made.more or len(wanted) > MOST_BLOBS


def recall(
    platform: Platform, session: DuckDBWarehouse, plan: Plan, read_table: TableReader
) -> None:
    """Bring into the session what a plan's first try had there: entries, removals, sources.

    What has come since is left to the next load.
    """
    for region in platform.regions:
        if region in plan.removals:
            take_removals(session, platform, region, plan.load_id)
        if region in plan.entries:
            take_entries(session, platform, region, plan.load_id)
    ranges = [
        {"region": region, "instance": instance, "first": first, "last": last}
        for region, instances in plan.entries.items()
        for instance, pairs in instances.items()
        for first, last in pairs
    ]
    schema = pa.schema(
        [
            ("region", pa.string()),
            ("instance", pa.string()),
            ("first", pa.int64()),
            ("last", pa.int64()),
        ]
    )
    with session.registered(planned=pa.Table.from_pylist(ranges, schema=schema)):
        session.change(
            "DELETE FROM bronze.ledger WHERE load_id = $1 AND NOT EXISTS ("
            "SELECT 1 FROM planned WHERE planned.region = ledger.region "
            "AND planned.instance = ledger.instance "
            'AND ledger.seq BETWEEN planned."first" AND planned."last")',
            (plan.load_id,),
        )
    for region in platform.regions:
        session.change(
            "DELETE FROM bronze.removed WHERE load_id = $1 AND region = $2 AND step > $3",
            (plan.load_id, region, plan.removals.get(region, 0)),
        )
    for extract in changed_sources(session, platform.sources):
        name = extract.table.name
        if extract.sha256 in (None, plan.sources.get(name)) and name in plan.sources_as_of:
            then = replace(extract, as_of=datetime.fromisoformat(plan.sources_as_of[name]))
            load_source(session, then, plan.load_id, read_table)


def _entry_ranges(session: DuckDBWarehouse, load_id: int) -> dict[str, dict[str, list[list[int]]]]:
    rows = session.query(
        "SELECT region, instance, seq FROM bronze.ledger WHERE load_id = $1 ORDER BY ALL",
        (load_id,),
    )
    found: dict[str, dict[str, list[list[int]]]] = {}
    for (region, instance), group in groupby(rows, key=lambda row: row[:2]):
        ranges = found.setdefault(region, {}).setdefault(instance, [])
        for _, _, seq in group:
            if ranges and ranges[-1][1] == seq - 1:
                ranges[-1][1] = seq
            else:
                ranges.append([seq, seq])
    return found


def _tasks(session: DuckDBWarehouse, origin: Origin, choice: Choice) -> Iterator[Task]:
    """List what is new of an origin, in the order in which the embedded load takes it."""
    listed = changed_blobs(session, origin, choice)
    known = {
        blob: (sha256, retry)
        for blob, sha256, retry in session.query(
            "SELECT done.blob, done.sha256, decided.blob IS NOT NULL "
            "FROM bronze.load_blobs AS done "
            "LEFT JOIN bronze.quarantine_decisions AS decided ON decided.region = done.region "
            "AND decided.signal = done.signal AND decided.blob = done.blob "
            "AND decided.decision = 'retry' "
            "WHERE done.region = $1 AND done.signal = $2 AND done.status <> 'replaced'",
            (origin.region.name, origin.signal.value),
        )
    }
    entries: dict[str, str] = dict(
        session.query(
            "SELECT blob, any_value(sha256) FROM bronze.ledger "
            "WHERE region = $1 AND signal = $2 AND blob IS NOT NULL GROUP BY blob",
            (origin.region.name, origin.signal.value),
        )
    )
    for blob in listed.own:
        yield _listed("look", blob, known, sha256=entries.get(blob.name))
    own = own_blobs(session, origin, choice)
    there = {
        (container, info.name)
        for container in {blob.container for blob in own}
        for info in origin.holding(container).list()
    }
    for mine in own:
        if (mine.container, mine.name) in there:
            yield _own(mine, again=known.get(mine.name, ("", False))[1])
    for blob in listed.foreign:
        yield _listed("foreign", blob, known)


def _own(blob: OwnBlob, *, again: bool) -> Task:
    origin = blob.origin
    region = origin.region.name
    return Task(
        kind="own",
        region=region,
        signal=origin.signal.value,
        container=origin.holding(blob.container).name,
        name=blob.name,
        environment=blob.environment,
        received_at=unix_nano(blob.received_at),
        again=again,
        segment=blob.segment,
        sha256=blob.sha256,
        stored=blob.stored,
        lines=blob.lines,
        ledger=LEDGER if origin.at_home else central_container(region, LEDGER),
        lines_name=blob.lines_name,
        lines_sha256=blob.lines_sha256,
    )


def _listed(
    kind: str,
    blob: ListedBlob,
    known: dict[str, tuple[str, bool]],
    sha256: str | None = None,
) -> Task:
    before, again = known.get(blob.name, (None, False))
    return Task(
        kind=kind,
        region=blob.origin.region.name,
        signal=blob.origin.signal.value,
        container=blob.container,
        name=blob.name,
        environment=blob.origin.environment,
        received_at=unix_nano(blob.received_at),
        etag=blob.etag,
        known=before,
        again=again,
        sha256=sha256,
    )
