"""The plan of one load: an object that is written once, before anything of the load is.

`plans/000000000007.json` in the store of the tables. Its conditional create is what gives a load
its number, so of two loads that plan at once one steps aside. It names all that the load's rows
follow from: the version of every table that it rests on, the ledger entries and blobs that it
takes. Whoever runs it again, runs the same; addresses and credentials are not in it.
"""

from __future__ import annotations

import json
import os
import socket
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mainstem.errors import DataError
from mainstem.store import ContentConflict
from mainstem.warehouse.destination import WarehouseBusy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mainstem.store import Account

PLANS = "plans"
FORMAT = "mainstem.plan/1"


@dataclass(frozen=True)
class Task:
    """One blob that a load is to read.

    `kind` is `own`, `foreign`, or `look`: one of ours that was loaded and looks changed. What our
    blobs have and others have not is None there. `known` is the SHA-256 of what was loaded of it,
    and `again` says that it is to be taken in place of that. Times are nanoseconds since 1970.
    """

    kind: str
    region: str
    signal: str
    container: str
    name: str
    environment: str
    received_at: int
    etag: str | None = None
    known: str | None = None
    again: bool = False
    segment: str | None = None
    sha256: str | None = None
    stored: int | None = None
    lines: int | None = None
    ledger: str | None = None
    lines_name: str | None = None
    lines_sha256: str | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What the load ledger knows the blob by."""
        return self.region, self.signal, self.name


@dataclass(frozen=True)
class Writer:
    """The process that made a plan."""

    host: str
    pid: int
    started: str

    @classmethod
    def this(cls) -> Writer:
        """Name this process."""
        return cls(socket.gethostname(), os.getpid(), _started(os.getpid()))

    @property
    def lives(self) -> bool:
        """Whether it is seen to run, beside this process on the same machine."""
        here = self.host == socket.gethostname() and self.pid != os.getpid()
        return here and bool(self.started) and _started(self.pid) == self.started


@dataclass(frozen=True)
class Plan:
    """What a load is to do.

    `tables` are versions by `bronze.loads`. `entries` are the ledger entries that it brings, by
    region and instance, as ranges of their numbers. `removals` is the last step of retention that
    it brings, by region. `sources` are the business extracts' SHA-256 by table, `sources_as_of`
    their moments.
    """

    load_id: int
    made_at: int
    writer: Writer
    tables: dict[str, int]
    entries: dict[str, dict[str, list[list[int]]]] = field(default_factory=dict)
    removals: dict[str, int] = field(default_factory=dict)
    tasks: list[Task] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    sources_as_of: dict[str, str] = field(default_factory=dict)

    @property
    def takes_anything(self) -> bool:
        """Whether there is more in it than entries of the ledger, which wait for a real load."""
        return bool(self.tasks or self.sources)

    def to_json(self) -> bytes:
        """Write it down."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1).encode()

    @classmethod
    def from_json(cls, text: bytes) -> Plan:
        """Read what `to_json` wrote; DataError for anything else."""
        try:
            document: dict[str, Any] = json.loads(text)
            if document.pop("format") != FORMAT:
                raise DataError("is of another format", hint="A newer mainstem wrote it: use that.")
            document["writer"] = Writer(**document["writer"])
            document["tasks"] = [Task(**task) for task in document["tasks"]]
            return cls(**document)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise DataError("is not a load's plan") from None


def newest_plan(account: Account) -> Plan | None:
    """Read the newest plan in a store; None before the first load."""
    container = account.container(PLANS)
    names = [info.name for info in container.list()]
    if not names:
        return None
    try:
        return Plan.from_json(container.read(max(names)))
    except DataError as error:
        raise DataError(f"{PLANS}/{max(names)} {error.message}", hint=error.hint) from None


def write_plan(account: Account, plan: Plan) -> None:
    """Write a plan, and so take its number; WarehouseBusy where another load took it first."""
    try:
        written = account.container(PLANS).create(_name(plan.load_id), plan.to_json())
    except ContentConflict:
        written = False
    if not written:
        raise WarehouseBusy(
            f"another load took number {plan.load_id} just now",
            hint="One load at a time: it steps aside here, and nothing of it was written. Run it "
            "again when the other one has ended.",
        )


def expect_alone(plan: Plan) -> None:
    """WarehouseBusy where a plan that is not finished is being run on this machine."""
    if plan.writer.lives:
        raise WarehouseBusy(
            f"load {plan.load_id} is being run by process {plan.writer.pid}",
            hint="One load at a time: wait for it, or end it, and run again.",
        )


def unfinished_versions(
    plan: Plan | None, finished: int | None, versions: Mapping[str, int]
) -> dict[str, int]:
    """Give the versions that a reader may see: those before a plan that is not finished."""
    if plan is None or (finished or 0) >= plan.load_id:
        return dict(versions)
    return dict(plan.tables)


def _name(load_id: int) -> str:
    return f"{load_id:012}.json"


def _started(pid: int) -> str:
    """Tell when a process of this machine began, as Linux counts it; "" where it does not tell."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
