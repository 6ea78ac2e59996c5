"""A collector at 80 % of its capacity for half an hour: memory stays flat and the books balance.

`MAINSTEM_SOAK_SECONDS` sets another time. Blobs are checked against their ledger entries and their
records counted as they come; then they go, so that the disk need not hold them.
"""

from __future__ import annotations

import hashlib
import os
import re
import statistics
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from running import collector, stand

from bench import spans
from bench.programs import build, run
from mainstem import _core
from mainstem.records import Counts, LedgerEntry
from mainstem.store import LEDGER, Account

if TYPE_CHECKING:
    from running import Running

SECONDS = float(os.environ.get("MAINSTEM_SOAK_SECONDS", "1800"))
SHARE = 0.8
SIZE = 100
CONNECTIONS = 16
PART_S = 20.0
RESIDENT_MB = 150
# Over a run's second half against its first; an allocator's page or two is no leak.
GROWTH_MB = 8

pytestmark = [pytest.mark.prove, pytest.mark.timeout(SECONDS * 3 + 1200)]


@dataclass(eq=False)
class Checker(threading.Thread):
    """Takes each committed blob out of the store, after checking it against its entry."""

    account: Account
    folder: Path
    ending: threading.Event = field(default_factory=threading.Event)
    seen: set[str] = field(default_factory=set)
    counts: Counts = field(default_factory=Counts)
    records: int = 0
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def run(self) -> None:
        while not self.ending.wait(1):
            self.take()

    def take(self) -> None:
        """Check what is new."""
        ledger = self.account.container(LEDGER)
        for info in ledger.list():
            if info.name in self.seen or not info.name.endswith(".json"):
                continue
            self.seen.add(info.name)
            entry = LedgerEntry.parse(ledger.read(info.name))
            if entry.blob is None:
                continue
            data = self.account.container(entry.blob.container).read(entry.blob.name)
            if hashlib.sha256(data).hexdigest() != entry.blob.sha256 or entry.counts.balance:
                self.wrong.append(info.name)
            self.records += _core.count_blob(data, "traces")[1]
            self.counts += entry.counts
            (self.folder / entry.blob.container / entry.blob.name).unlink()


class Load:
    """Spans in requests of a hundred, each with ids of its own."""

    def __init__(self, folder: Path) -> None:
        self.template = folder / "template"
        body = spans.request(SIZE).SerializeToString()
        self.template.write_bytes(body)
        Path(f"{self.template}.slots").write_bytes(spans.slots(body, SIZE))
        self.replay = build("replay")
        self.sent = 0

    def send(self, running: Running, requests: int, rate: float = 0) -> float:
        """Send so many requests; gives how many were answered a second."""
        first = self.sent
        self.sent += requests
        where = ("grpc", "traces", running.ready["grpc"], self.template)
        result = run(self.replay, *where, requests, CONNECTIONS, rate, first)
        assert result["refused"] == 0
        return float(result["requests"] / result["seconds"])


def resident_mb(pid: int) -> float:
    """Read what a process has resident now."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def test_half_an_hour_at_80_percent(tmp_path: Path) -> None:
    load = Load(tmp_path)
    account = Account.open(f"file:{tmp_path}/store")
    with collector(stand(tmp_path)) as running:
        assert running.ready
        checker = Checker(account, tmp_path / "store")
        checker.start()
        try:
            load.send(running, 300)
            rate = SHARE * load.send(running, 3000)
            resident = []
            for _ in range(max(4, int(SECONDS / PART_S))):
                load.send(running, int(rate * min(PART_S, SECONDS / 4)) + 1, rate)
                resident.append(resident_mb(running.process.pid))
        finally:
            checker.ending.set()
            checker.join()
        assert running.stop() == 0
        assert running.event("stopped")["left_in_spool"] == 0
    checker.take()
    print(f"{rate * SIZE:,.0f} records/s; resident MB: {[round(one) for one in resident]}")
    assert checker.wrong == []
    assert checker.records == checker.counts.stored == load.sent * SIZE
    assert max(resident) < RESIDENT_MB
    half = len(resident) // 2
    grown = statistics.median(resident[half:]) - statistics.median(resident[:half])
    assert grown < GROWTH_MB
