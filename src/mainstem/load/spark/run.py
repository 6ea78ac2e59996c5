"""One load by Spark: write the plan, read its blobs on the executors, commit table by table.

The row in `bronze.loads` is the last commit, and ends the load. What a process that died left
between plan and end is run again first, from the same plan; Delta leaves out what is committed.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from mainstem.errors import UsageError
from mainstem.load.choice import ALL_NEW
from mainstem.load.ledger import now, timestamp
from mainstem.load.run import Loaded, LoadResult
from mainstem.load.spark.decide import books_at, decide, recall
from mainstem.load.spark.executor import Read, Reader, read_blobs, rows_schema
from mainstem.load.spark.repeats import Repeats
from mainstem.load.spark.settle import Settled, Settling, touched
from mainstem.records import Signal
from mainstem.warehouse.spark import (
    EVERYTHING,
    expect_alone,
    failing,
    literal,
    newest_plan,
    open_lake,
    write_plan,
)
from mainstem.warehouse.spark.lake import SQL_TYPES
from mainstem.warehouse.tables import books_table, source_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import date

    from pyspark.sql import DataFrame

    from mainstem.config.platform import Platform
    from mainstem.load.choice import Choice
    from mainstem.load.spark.settle import Key
    from mainstem.warehouse import DuckDBWarehouse
    from mainstem.warehouse.spark import Lake, Plan
    from mainstem.warehouse.tables import Table


_KEY = ("region", "signal", "blob")


def load_by_spark(
    platform: Platform, progress: Callable[[str], None], choice: Choice = ALL_NEW
) -> LoadResult:
    """Load what is new into a platform's Delta tables, or of it what is chosen.

    UsageError for a choice that is not for Spark, WarehouseBusy where another load is at it,
    WarehouseFailed where Spark does not take it.
    """
    if choice.replay is not None:
        raise UsageError(
            "a day is not replayed on Delta tables",
            hint="Without --replay a load takes what is new; --since and --blob choose of it.",
        )
    result = LoadResult()
    with open_lake(platform) as lake:
        progress("looking at the tables")
        lake.bring_forward()
        _finish_interrupted(platform, lake, result, progress)
        attempted: set[tuple[str, str]] = set()
        named: set[str] = set()
        while True:
            versions = lake.versions()
            with books_at(lake, versions) as session:
                made = decide(
                    platform,
                    session,
                    versions,
                    attempted,
                    choice=choice,
                    read_table=lake.foreign,
                    progress=progress,
                )
                result.problems += [text for text in made.problems if text not in result.problems]
                result.failed |= made.failed
                named |= {task.name for task in made.plan.tasks}
                if not made.plan.takes_anything:
                    break
                write_plan(lake.account, made.plan)
                settled = _Execution(platform, lake, session, made.plan, progress).run(result)
            attempted |= {(task.container, task.name) for task in settled.left}
            if not (made.more or settled.mended):
                break
    result.problems += [
        f"{name} was not found, was loaded before, or waits for its ledger entry"
        for name in choice.unknown(named)
    ]
    return result


def _finish_interrupted(
    platform: Platform, lake: Lake, result: LoadResult, progress: Callable[[str], None]
) -> None:
    """Run the newest plan again where its load has not ended."""
    plan = newest_plan(lake.account)
    if plan is None or lake.ended(plan.load_id):
        return
    expect_alone(plan)
    progress(f"load {plan.load_id} was interrupted: running its plan again")
    with books_at(lake, plan.tables) as session:
        recall(platform, session, plan, lake.foreign)
        _Execution(platform, lake, session, plan, progress).run(result)


class _Execution:
    """One plan being carried out; the session has the books' tables, and the ledger's new rows."""

    def __init__(
        self,
        platform: Platform,
        lake: Lake,
        session: DuckDBWarehouse,
        plan: Plan,
        progress: Callable[[str], None],
    ) -> None:
        self._lake = lake
        self._session = session
        self._plan = plan
        self._progress = progress
        places = {
            (task.region, task.signal): platform.loaded_from(task.region, Signal(task.signal))
            for task in plan.tasks
        }
        self._reader = Reader(
            {key: place[0] for key, place in places.items() if place is not None},
            platform.directory,
        )
        self._current = self._rows_in_force()

    def run(self, result: LoadResult) -> Settled:
        """Commit all that the plan is about, and add it to what the command did."""
        with ExitStack() as kept, failing(f"load {self._plan.load_id} was not carried out"):
            self._commit_session_rows("ledger")
            self._commit_session_rows("removed")
            repeats = Repeats(self._lake, self._plan, self._tasks("own"), self._reader)
            kept.callback(repeats.close)
            skips = repeats.skips(()) if self._has_own() else {}
            reads: dict[int, Read] = {}
            used: dict[int, list[int]] = {}
            days: dict[Key, dict[date, int]] = {}
            before: dict[Key, set[date]] = {}
            for signal in Signal:
                if any(task.signal == signal.value for task in self._plan.tasks):
                    self._progress(f"{signal}: reading {self._count(signal)} blobs")
                    rows, found, skipped = self._read(signal, repeats, skips)
                    kept.callback(rows.unpersist)
                    reads |= found
                    used |= skipped
                    before |= self._commit_records(signal, rows, found)
                    days |= self._days_of(signal)
            settled = self._settle(reads, {key: sum(of.values()) for key, of in days.items()})
            if settled.taken:
                self._lake.commit(
                    "bronze.request_digests",
                    self._plan.load_id,
                    repeats.kept(used, settled.taken),
                )
            self._commit_books(settled, {key: set(of) for key, of in days.items()}, before)
            self._commit_sources(result)
            self._end(settled)
        self._tell(settled, result)
        return settled

    def _read(
        self, signal: Signal, repeats: Repeats, skips: dict[int, list[int]]
    ) -> tuple[DataFrame, dict[int, Read], dict[int, list[int]]]:
        """Decode a signal's blobs: their rows, what was read of each, and the lines left out.

        A request is no repeat of one in a blob that cannot be read. Such blobs show only here, and
        then the others are read once more.
        """
        without: set[int] = set()
        while True:
            rows = self._tasks(signal.value, skips).mapInArrow(
                partial(
                    read_blobs,
                    reader=self._reader,
                    signal=signal.value,
                    load_id=self._plan.load_id,
                ),
                _ddl(rows_schema(signal)),
            )
            rows = rows.persist()
            told = rows.where('"read" IS NOT NULL').select("read").toArrow().column("read")
            found = {read.ordinal: read for read in map(_read_of, told.to_pylist())}
            refused = {
                ordinal
                for ordinal, read in found.items()
                if self._plan.tasks[ordinal].kind == "own" and read.state != "read"
            }
            if refused <= without:
                return rows, found, skips
            without |= refused
            again = repeats.skips(without)
            if again == skips:
                return rows, found, skips
            rows.unpersist()
            skips = again

    def _commit_records(
        self, signal: Signal, rows: DataFrame, found: Mapping[int, Read]
    ) -> dict[Key, set[date]]:
        """Put a signal's rows into bronze in place of what the same blobs gave before.

        Gives the days of what was replaced, as it was when the plan was made.
        """
        path = f"bronze.{signal.bronze_table}"
        replaced = [
            task.key
            for ordinal, read in found.items()
            for task in [self._plan.tasks[ordinal]]
            if read.state == "read" and self._current.get(task.key, {}).get("records_loaded")
        ]
        before: dict[Key, set[date]] = {}
        replacing = _any_of(("region", "blob"), {(region, blob) for region, _, blob in replaced})
        if replacing is not None:
            old = self._lake.read(path, self._plan.tables.get(path)).where(replacing)
            for row in old.select("region", "blob", "event_date").distinct().toArrow().to_pylist():
                key = row["region"], signal.value, row["blob"]
                before.setdefault(key, set()).add(row["event_date"])
        if replacing is not None or any(read.rows for read in found.values()):
            new = rows.where('"read" IS NULL').drop("read")
            self._progress(f"{signal}: writing {sum(read.rows for read in found.values())} rows")
            self._lake.commit(path, self._plan.load_id, new, replacing=replacing, sized=True)
        return before

    def _days_of(self, signal: Signal) -> dict[Key, dict[date, int]]:
        """Count what bronze has of this load, by blob and day: that and nothing else is loaded."""
        path = f"bronze.{signal.bronze_table}"
        rows = self._lake.read(path, self._lake.version(path)).where(
            f"load_id = {self._plan.load_id}"
        )
        counted = rows.groupBy("region", "blob", "event_date").count().toArrow()
        days: dict[Key, dict[date, int]] = {}
        for row in counted.to_pylist():
            key = row["region"], signal.value, row["blob"]
            days.setdefault(key, {})[row["event_date"]] = row["count"]
        return days

    def _settle(self, reads: Mapping[int, Read], in_bronze: Mapping[Key, int]) -> Settled:
        settling = Settling(self._plan, self._current, in_bronze)
        for ordinal, task in enumerate(self._plan.tasks):
            settling.settle(task, reads[ordinal])
        return settling.result

    def _commit_books(
        self,
        settled: Settled,
        days: Mapping[Key, set[date]],
        before: Mapping[Key, set[date]],
    ) -> None:
        self._progress("writing the books")
        self._commit_rows("quarantine", settled.quarantine, _any_of(_KEY, settled.released))
        self._commit_rows("quarantine_decisions", [], _any_of(_KEY, self._decided(settled)))
        changed = {(row["region"], row["signal"], row["blob"]) for row in settled.changed}
        replacing = _any_of(_KEY, changed)
        if replacing is not None:
            # Of the rows of a blob, the one in force; those that were replaced before stay.
            replacing = f"({replacing}) AND status <> 'replaced'"
        self._commit_rows("load_blobs", [*settled.changed, *settled.load_blobs], replacing)
        self._commit_rows("load_touched", touched(self._plan, days, before, settled), None)

    def _decided(self, settled: Settled) -> set[Key]:
        known = self._session.query("SELECT region, signal, blob FROM bronze.quarantine_decisions")
        return settled.undecided & set(known)

    def _commit_sources(self, result: LoadResult) -> None:
        """Replace the business tables whose files the session has read for this plan."""
        read = self._session.query(
            "SELECT name, rows FROM bronze.source_files WHERE load_id = $1", (self._plan.load_id,)
        )
        for table in source_tables():
            if table.name in dict(read):
                self._commit(table, self._session_rows(table, ""), EVERYTHING)
        if read:
            names = {(name,) for name, _ in read}
            self._commit_session_rows("source_files", _any_of(("name",), names))
            result.sources |= dict(read)

    def _end(self, settled: Settled) -> None:
        row = {
            "load_id": self._plan.load_id,
            "started_at": timestamp(self._plan.made_at),
            "finished_at": now(),
            "blobs": len(settled.load_blobs),
            "records": sum(blob["records_loaded"] for blob in settled.load_blobs),
        }
        self._commit_rows("loads", [row], None)

    def _tell(self, settled: Settled, result: LoadResult) -> None:
        result.load_id = self._plan.load_id
        result.problems += settled.problems
        result.entries += self._session.value(
            "SELECT count(*) FROM bronze.ledger WHERE load_id = $1", (self._plan.load_id,)
        )
        for blob in settled.load_blobs:
            key = blob["region"], blob["signal"]
            loaded = result.signals.setdefault(key, Loaded(*key))
            loaded.blobs += 1
            loaded.records += blob["records_loaded"]
            loaded.duplicate += blob["records_duplicate"]
            loaded.quarantined += blob["records_quarantined"]

    def _tasks(self, which: str, skips: Mapping[int, list[int]] | None = None) -> DataFrame:
        """Spread tasks over the executors: those of a signal, or of a kind."""
        wanted = [
            (ordinal, task)
            for ordinal, task in enumerate(self._plan.tasks)
            if which in (task.signal, task.kind)
        ]
        table = pa.table(
            {
                "ordinal": pa.array([ordinal for ordinal, _ in wanted], pa.int32()),
                "task": pa.array([json.dumps(asdict(task)) for _, task in wanted], pa.string()),
                "skip": pa.array(
                    [(skips or {}).get(ordinal, []) for ordinal, _ in wanted], pa.list_(pa.int64())
                ),
            }
        )
        spread = int(self._lake.session.conf.get("spark.sql.shuffle.partitions"))
        frame = self._lake.session.createDataFrame(table)
        return frame.repartition(max(1, min(spread, len(wanted))), "ordinal")

    def _has_own(self) -> bool:
        return any(task.kind == "own" for task in self._plan.tasks)

    def _count(self, signal: Signal) -> int:
        return sum(task.signal == signal.value for task in self._plan.tasks)

    def _rows_in_force(self) -> dict[Key, dict[str, Any]]:
        wanted = {task.key for task in self._plan.tasks}
        rows = self._session.arrow("SELECT * FROM bronze.load_blobs WHERE status <> 'replaced'")
        found = {}
        for row in rows.read_all().to_pylist():
            key = row["region"], row["signal"], row["blob"]
            if key in wanted:
                found[key] = row
        return found

    def _session_rows(self, table: Table, which: str) -> pa.Table:
        columns = ", ".join(f'"{column.name}"' for column in table.columns)
        return self._session.arrow(f"SELECT {columns} FROM {table.path} {which}").read_all()  # noqa: S608

    def _commit_session_rows(self, name: str, replacing: str | None = None) -> None:
        rows = self._session_rows(books_table(name), f"WHERE load_id = {self._plan.load_id}")
        self._commit(books_table(name), rows, replacing)

    def _commit_rows(
        self, name: str, rows: Iterable[dict[str, Any]], replacing: str | None
    ) -> None:
        table = books_table(name)
        self._commit(table, pa.Table.from_pylist(list(rows), schema=table.arrow_schema), replacing)

    def _commit(self, table: Table, rows: pa.Table, replacing: str | None) -> None:
        if rows.num_rows or replacing is not None:
            frame = self._lake.frame(table, rows).coalesce(1)
            self._lake.commit(table.path, self._plan.load_id, frame, replacing=replacing)


def _read_of(text: str) -> Read:
    return Read(**json.loads(text))


def _ddl(schema: pa.Schema) -> str:
    kinds = [
        "TIMESTAMP" if pa.types.is_timestamp(field.type) else SQL_TYPES[field.type]
        for field in schema
    ]
    return ", ".join(f"`{field.name}` {kind}" for field, kind in zip(schema, kinds, strict=True))


def _any_of(columns: Sequence[str], keys: Collection[tuple[str, ...]]) -> str | None:
    """Say in SQL that columns have one of the given groups of values; None where there are none."""
    alternatives = [
        " AND ".join(
            f"`{name}` = {literal(value)}" for name, value in zip(columns, key, strict=True)
        )
        for key in sorted(keys)
    ]
    return " OR ".join(f"({each})" for each in alternatives) or None
