"""Tend the Delta tables: put small files together, and remove what no reader needs any more.

Each step is one commit or none, so that a kill leaves tables as they were before it or after it;
files that a killed step wrote belong to no version, and the next vacuum takes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mainstem.errors import Transient, UsageError
from mainstem.load.repeats import oldest_repeated
from mainstem.warehouse.spark import expect_alone, failing, newest_plan, open_lake
from mainstem.warehouse.tables import all_tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from mainstem.config.platform import Platform
    from mainstem.warehouse.spark import Lake


@dataclass(frozen=True)
class Compacted:
    """What was done to one table, in files and bytes of data."""

    table: str
    removed_files: int
    added_files: int
    bytes: int


def compact(
    platform: Platform, progress: Callable[[str], None] = lambda _: None
) -> list[Compacted]:
    """Compact and vacuum a platform's Delta tables; gives those in which anything was put together.

    What no version needs goes by the table's own rule, delta.deletedFileRetentionDuration: a week.

    UsageError where the warehouse is not Spark's, Transient where a load has not ended: its plan
    rests on versions that a vacuum may take.
    """
    with open_lake(platform) as lake:
        _expect_ended(lake)
        there = lake.versions()
        oldest = oldest_repeated(platform)
        done = []
        for table in all_tables():
            if table.path not in there:
                continue
            progress(f"{table.path}: putting small files together")
            place = f"delta.`{lake.location(table.path)}`"
            with failing(f"{table.path} was not compacted"):
                if table.name == "request_digests":
                    # No blob is kept so long that it could repeat them.
                    at = f"{oldest:%Y-%m-%d %H:%M:%S}"
                    lake.session.sql(f"DELETE FROM {place} WHERE received_at < TIMESTAMP '{at}'")  # noqa: S608
                removed, added, size = (
                    lake.session.sql(f"OPTIMIZE {place}")
                    .selectExpr(
                        "metrics.numFilesRemoved",
                        "metrics.numFilesAdded",
                        "metrics.filesAdded.totalSize",
                    )
                    .first()
                )
                lake.session.sql(f"VACUUM {place}")
            if added or removed:
                done.append(Compacted(table.path, removed, added, size))
        return done


def _expect_ended(lake: Lake) -> None:
    plan = newest_plan(lake.account)
    if plan is None:
        raise UsageError("there are no tables yet", hint="Run `mainstem load` first.")
    if not lake.ended(plan.load_id):
        expect_alone(plan)
        raise Transient(
            f"load {plan.load_id} was interrupted",
            hint="Run `mainstem load`, which ends it, and compact again.",
        )
