"""A collector killed with SIGKILL again and again, under load: nothing acknowledged is lost.

Four senders repeat each request until it is answered, as SDKs do. The kills fall anywhere: while it
starts and recovers, while it serves, while it uploads. Afterwards every acknowledged record lies
exactly once in the store and in the warehouse, every chain is whole, and the books balance.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import Counter
from enum import Enum
from random import Random, SystemRandom
from typing import TYPE_CHECKING

import duckdb
import pytest
from running import collector, delivered, log_request, stand

from mainstem.books import keep_books
from mainstem.config.platform import load_platform
from mainstem.load import load
from mainstem.records import EntryKind, LedgerEntry
from mainstem.replicate import replicate
from mainstem.store import LEDGER, Account

if TYPE_CHECKING:
    from pathlib import Path

    from running import Running

SENDERS = 4


class Sender(threading.Thread):
    """Sends records one after the other, each until it is acknowledged."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.acknowledged: list[str] = []
        self.address: str | None = None
        self.done = threading.Event()

    def run(self) -> None:
        number = 0
        while not self.done.is_set():
            record = f"{self.name}-{number}"
            if delivered(self.address, "/v1/logs", log_request(record)):
                self.acknowledged.append(record)
                number += 1
            else:
                self.done.wait(0.02)


class Moment(Enum):
    """When a kill falls; most of a life is short, so that many segments are left to recover."""

    STARTING = "starting"
    SERVING = "serving"
    UPLOADING = "uploading"


def kill_at(
    moment: Moment, running: Running, senders: list[Sender], store: Path, chance: Random
) -> None:
    """Kill a collector that has just been started."""
    held = objects(store)
    if moment is Moment.STARTING:
        time.sleep(chance.uniform(0, 1.5))
    else:
        for sender in senders:
            sender.address = running.ready["http"]
        if moment is Moment.SERVING:
            time.sleep(chance.uniform(0, 0.6))
        else:
            # What the last life left goes up now, or has gone: then this kill falls as it serves.
            deadline = time.monotonic() + 0.6
            while objects(store) == held and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(chance.uniform(0, 0.02))
    running.kill()


def objects(store: Path) -> int:
    """Count what lies in a store, half-written files included."""
    return sum(1 for path in store.rglob("*") if path.is_file())


def campaign(directory: Path, kills: int, seed: int) -> None:
    """Kill a collector so many times, then check all that it ever acknowledged."""
    arguments = stand(directory)
    chance = Random(seed)
    senders = [Sender(f"sender{number}") for number in range(SENDERS)]
    for sender in senders:
        sender.start()
    try:
        for _ in range(kills):
            with collector(arguments) as running:
                kill_at(chance.choice(list(Moment)), running, senders, directory / "store", chance)
    finally:
        for sender in senders:
            sender.done.set()
            sender.join()
    with collector(arguments) as running:
        assert running.ready
        assert running.stop() == 0
        assert running.event("stopped")["left_in_spool"] == 0

    sent = [record for sender in senders for record in sender.acknowledged]
    stored = check_books(Account.open(f"file:{directory}/store"))
    assert [record for record in sent if stored[record] != 1] == []
    # What is stored and not acknowledged is at most what each sender had under way at the end.
    assert sum(stored.values()) - len(sent) <= SENDERS
    assert max(stored.values()) == 1
    assert len(sent) > kills / 3
    assert loaded(directory) == stored


def loaded(directory: Path) -> Counter[str]:
    """Replicate and load, twice; gives the bodies in the warehouse."""
    platform = load_platform(directory / "mainstem.yaml")
    for _ in range(2):
        replicate(platform)
        load(platform)
    books = keep_books(platform)
    assert books.problems == []
    with duckdb.connect(str(platform.warehouse_path), read_only=True) as connection:
        rows = connection.execute(
            "select body, count(*) from bronze.otel_logs group by 1"
        ).fetchall()
    return Counter(dict(rows))


def test_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    seed = SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    campaign(tmp_path, 5, seed)


@pytest.mark.prove
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(12))
def test_300_kills_lose_nothing_and_double_nothing(tmp_path: Path, seed: int) -> None:
    """300 kills in parts of 25, so that one part can be run again: `-k` and the seed."""
    campaign(tmp_path, 25, seed)


def check_books(account: Account) -> Counter[str]:
    """Check each instance's chain and each segment's books; gives the stored bodies."""
    ledger = account.container(LEDGER)
    names = [info.name for info in ledger.list() if info.name.endswith(".json")]
    entries = [LedgerEntry.parse(ledger.read(name)) for name in names]
    assert {entry.instance for entry in entries} == {entries[0].instance}
    entries.sort(key=lambda entry: entry.seq)
    assert [entry.seq for entry in entries] == list(range(len(entries)))
    assert entries[0].kind is EntryKind.GENESIS
    assert [entry.previous for entry in entries[1:]] == [entry.sha256 for entry in entries[:-1]]
    stored: Counter[str] = Counter()
    for entry in entries:
        assert entry.counts.balance == 0
        if entry.blob is None:
            assert entry.counts.stored == 0
            continue
        data = account.container(entry.blob.container).read(entry.blob.name)
        assert hashlib.sha256(data).hexdigest() == entry.blob.sha256
        bodies = [
            record["body"]["stringValue"]
            for line in data.splitlines()
            for resource in json.loads(line)["resourceLogs"]
            for scope in resource["scopeLogs"]
            for record in scope["logRecords"]
        ]
        assert (len(data.splitlines()), len(bodies)) == (entry.blob.lines, entry.counts.stored)
        stored.update(bodies)
    return stored
