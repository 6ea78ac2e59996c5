"""Requests that were loaded before, or stand twice in a plan: by digest, within 24 hours.

The rule is the embedded loader's: of the lines of one request, in the order of the plan, each is
skipped whose receipt lies less than 24 hours from that of a line that was kept.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from mainstem.load.repeats import WITHIN
from mainstem.load.spark.executor import SKIPS, read_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from pyspark.sql import DataFrame

    from mainstem.load.spark.executor import Reader
    from mainstem.warehouse.spark import Lake, Plan

_KNOWN = -1
"""The ordinal of what an earlier load kept: before all of the plan."""
_KEY = ("region", "signal", "digest")
_REQUEST = "region STRING, signal STRING, ordinal INT, line BIGINT, digest BINARY"


class Repeats:
    """The lines of a plan's own blobs, and which of them are repeats."""

    def __init__(self, lake: Lake, plan: Plan, tasks: DataFrame, reader: Reader) -> None:
        self._lake = lake
        self._version = plan.tables.get("bronze.request_digests")
        self._again = [number for number, task in enumerate(plan.tasks) if task.again]
        self.lines = tasks.mapInArrow(
            partial(read_lines, reader=reader), f"{_REQUEST}, received_at TIMESTAMP"
        ).persist()

    def skips(self, without: Collection[int]) -> dict[int, list[int]]:
        """List, by the blob's place in the plan, the lines to skip; `without` blobs do not count.

        Those are blobs that cannot be read: what stands in them was not kept.
        """
        lines = self._lines(without)
        found = (
            lines.unionByName(self._known(lines))
            .selectExpr(*_KEY, "struct(ordinal, line, received_at) AS place")
            .groupBy(*_KEY)
            .agg({"place": "collect_list"})
            .selectExpr('sort_array("collect_list(place)") AS seen')
            .where("size(seen) > 1")
            .mapInArrow(skip_lines, "ordinal INT, line BIGINT")
            .toArrow()
        )
        skips: dict[int, list[int]] = {}
        for row in found.sort_by([("ordinal", "ascending"), ("line", "ascending")]).to_pylist():
            skips.setdefault(row["ordinal"], []).append(row["line"])
        return skips

    def kept(self, skips: dict[int, list[int]], taken: Collection[int]) -> DataFrame:
        """Give the requests that a load kept, as `bronze.request_digests` has them."""
        pairs = [(ordinal, line) for ordinal, lines in skips.items() for line in lines]
        skipped = self._lake.session.createDataFrame(
            pa.table(
                {
                    "ordinal": pa.array([ordinal for ordinal, _ in pairs], pa.int32()),
                    "line": pa.array([line for _, line in pairs], pa.int64()),
                }
            )
        )
        lines = self.lines.where(self.lines["ordinal"].isin(sorted(taken)))
        kept = lines.join(skipped, ["ordinal", "line"], "left_anti")
        kept = kept.select("digest", "region", "signal", "received_at")
        if self._again:
            # What is taken again may be there from the first time.
            kept = kept.join(self._digests(), kept.columns, "left_anti")
        return kept

    def close(self) -> None:
        """Let the lines go."""
        self.lines.unpersist()

    def _digests(self) -> DataFrame:
        return self._lake.read("bronze.request_digests", self._version).select(
            "digest", "region", "signal", "received_at"
        )

    def _lines(self, without: Collection[int]) -> DataFrame:
        if not without:
            return self.lines
        return self.lines.where(~self.lines["ordinal"].isin(sorted(without)))

    def _known(self, lines: DataFrame) -> DataFrame:
        """Give what earlier loads kept near the lines' times, without what is taken again."""
        first, last = lines.selectExpr("min(received_at)", "max(received_at)").first()
        known = self._digests()
        if first is not None:
            known = known.where(known["received_at"] > first - WITHIN).where(
                known["received_at"] < last + WITHIN
            )
        if self._again:
            own = self.lines.where(self.lines["ordinal"].isin(self._again))
            known = known.join(own, [*_KEY, "received_at"], "left_anti")
        return known.join(lines.select(*_KEY).distinct(), [*_KEY], "left_semi").selectExpr(
            *_KEY, f"{_KNOWN} AS ordinal", "0L AS line", "received_at"
        )


def skip_lines(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Give the lines to skip of requests that were seen more than once, as `SKIPS`."""
    for batch in batches:
        rows = []
        for seen in batch.column("seen").to_pylist():
            kept: list[datetime] = []
            for line in seen:
                at = line["received_at"]
                if line["ordinal"] == _KNOWN:
                    kept.append(at)
                elif at is not None and any(abs(at - other) < WITHIN for other in kept):
                    rows.append({"ordinal": line["ordinal"], "line": line["line"]})
                elif at is not None:
                    kept.append(at)
        yield pa.RecordBatch.from_pylist(rows, schema=SKIPS)
