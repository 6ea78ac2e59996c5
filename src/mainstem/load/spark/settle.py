"""What became of a plan's blobs: from what was read and what is in bronze, the books' new rows.

Nothing is asked of Spark or a store here: the same plan and the same reading give the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mainstem.load.ledger import timestamp
from mainstem.load.quarantine import quarantine_rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from mainstem.load.spark.executor import Read
    from mainstem.warehouse.spark import Plan, Task

Key = tuple[str, str, str]
"""Region, signal and blob."""


@dataclass
class Settled:
    """The rows that a load adds to the books' tables, and those that it changes or takes out.

    `changed` are rows of `load_blobs` as they are to be from now on. `released` keys leave the
    quarantine, and `undecided` what a person decided about them. `taken` are the places in the plan
    of those blobs whose requests the load kept.
    """

    load_blobs: list[dict[str, Any]] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)
    quarantine: list[dict[str, Any]] = field(default_factory=list)
    released: set[Key] = field(default_factory=set)
    undecided: set[Key] = field(default_factory=set)
    replaced: set[Key] = field(default_factory=set)
    taken: set[int] = field(default_factory=set)
    left: list[Task] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    mended: bool = False


class Settling:
    """One plan's blobs, settled one by one.

    `current` are the rows of `load_blobs` that are in force for the plan's blobs, `in_bronze` how
    many rows of this load each blob has there: that decides, since another try of the same plan may
    have put them there from a blob that has gone since.
    """

    def __init__(
        self,
        plan: Plan,
        current: Mapping[Key, dict[str, Any]],
        in_bronze: Mapping[Key, int],
    ) -> None:
        self._plan = plan
        self._current = current
        self._in_bronze = in_bronze
        self.result = Settled()

    def settle(self, task: Task, read: Read) -> None:
        """Say what became of one blob."""
        current = self._current.get(task.key)
        if read.state == "looked":
            self._look(task, read, current)
        elif read.state == "same":
            if current is not None:
                self.result.changed.append({**current, "etag": read.etag})
        elif read.state == "refused":
            self._refuse(task, read, current)
        else:
            self._load(task, read, current)

    def _load(self, task: Task, read: Read, current: dict[str, Any] | None) -> None:
        rows = self._in_bronze.get(task.key, 0)
        if rows == 0 and (read.state != "read" or read.rows):
            self.result.left.append(task)  # A later load finds it, if it is there.
            return
        if current is not None:
            self._replace(task, current)
        own, bad = task.kind == "own", read.bad_lines
        lines: int | None
        if read.state == "read":
            stored, lines = read.records, read.lines
            duplicate = read.skipped + read.rows - rows
        else:
            # It was read by the first try of this plan, and has gone or changed since.
            stored, lines = (task.stored or 0, task.lines) if own else (rows, None)
            duplicate = stored - rows
        missing = (task.stored or 0) - rows - duplicate if own and bad else bad
        self._remember(
            task,
            read.sha256 if read.state == "read" else task.sha256 or "",
            read.etag if read.state == "read" else task.etag,
            lines=lines,
            records_stored=stored if own else stored + bad,
            records_loaded=rows,
            records_quarantined=missing,
            records_duplicate=duplicate,
            status="loaded",
        )
        self._quarantine(task, [(line, offset, code, None) for line, offset, code in read.bad])
        if own:
            self.result.taken.add(read.ordinal)

    def _refuse(self, task: Task, read: Read, current: dict[str, Any] | None) -> None:
        if task.again and current is not None and current["records_loaded"]:
            self.result.undecided.add(task.key)
            self._quarantine(task, [(None, None, "blob_changed_after_its_load", 0)])
            return
        if current is not None:
            self._replace(task, current)
        self._quarantine(task, [(None, None, read.problem or "", task.stored)])
        self._remember(
            task,
            read.sha256,
            read.etag,
            lines=None,
            records_stored=None,
            records_loaded=0,
            records_quarantined=task.stored or 0,
            records_duplicate=0,
            status="quarantined",
        )
        self.result.problems.append(f"{_place(task)} is not what its ledger entry says")

    def _look(self, task: Task, read: Read, current: dict[str, Any] | None) -> None:
        if current is None:
            return
        changed = read.sha256 != current["sha256"]
        if changed and read.sha256 == task.sha256 and current["status"] == "quarantined":
            self.result.changed.append({**current, "etag": read.etag, "status": "replaced"})
            self.result.undecided.add(task.key)
            self.result.released.add(task.key)
            self.result.mended = True
            return
        self.result.changed.append({**current, "etag": read.etag})
        if changed:
            self._quarantine(task, [(None, None, "blob_changed_after_its_load", 0)])
            self.result.problems.append(f"{_place(task)} was changed after it was loaded")

    def _replace(self, task: Task, current: dict[str, Any]) -> None:
        self.result.changed.append({**current, "status": "replaced"})
        self.result.replaced.add(task.key)
        self.result.undecided.add(task.key)
        self.result.released.add(task.key)

    def _quarantine(
        self, task: Task, places: list[tuple[int | None, int | None, str, int | None]]
    ) -> None:
        self.result.quarantine += quarantine_rows(self._plan.load_id, task.key, places)

    def _remember(self, task: Task, sha256: str, etag: str | None, **counts: Any) -> None:
        region, signal, blob = task.key
        self.result.load_blobs.append(
            {
                "load_id": self._plan.load_id,
                "region": region,
                "signal": signal,
                "segment": task.segment,
                "blob": blob,
                "sha256": sha256,
                "etag": etag,
                "received_at": timestamp(task.received_at),
                **counts,
            }
        )


def touched(
    plan: Plan, days: Mapping[Key, set[date]], before: Mapping[Key, set[date]], settled: Settled
) -> list[dict[str, Any]]:
    """List the days whose rows a load brought or took out, as `load_touched` has them.

    `days` are those of its rows by blob, `before` those of the rows that blobs had before.
    """
    found = {
        (signal, day, region) for (region, signal, _), of_blob in days.items() for day in of_blob
    }
    for key in settled.replaced:
        region, signal, _ = key
        found |= {(signal, day, region) for day in before.get(key, ())}
    return [
        {"load_id": plan.load_id, "signal": signal, "event_date": day, "region": region}
        for signal, day, region in sorted(found)
    ]


def _place(task: Task) -> str:
    return f"{task.region} {task.signal}: {task.container}/{task.name}"
