"""A collector killed with SIGKILL under load, again and again: nothing acknowledged is lost.

A sender repeats a request until it is answered, as SDKs do. Afterwards every acknowledged record
lies in the store exactly once, every chain is whole, and the books balance.
"""

from __future__ import annotations

import hashlib
import json
import random
import threading
import time
from collections import Counter
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING

import pytest
from running import collector, log_request, stand

from mainstem.records import EntryKind, LedgerEntry
from mainstem.store import LEDGER, Account

if TYPE_CHECKING:
    from pathlib import Path

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
            if self._send(log_request(record)):
                self.acknowledged.append(record)
                number += 1
            else:
                self.done.wait(0.02)

    def _send(self, body: bytes) -> bool:
        address = self.address
        if address is None:
            return False
        connection = HTTPConnection(address, timeout=5)
        try:
            connection.request("POST", "/v1/logs", body, {"Content-Type": "application/json"})
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


@pytest.mark.parametrize(
    "rounds", [5, pytest.param(200, marks=[pytest.mark.prove, pytest.mark.timeout(3600)])]
)
def test_kills_lose_nothing_and_double_nothing(tmp_path: Path, rounds: int) -> None:
    arguments = stand(tmp_path)
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    senders = [Sender(f"sender{number}") for number in range(SENDERS)]
    for sender in senders:
        sender.start()
    try:
        for _ in range(rounds):
            with collector(arguments) as running:
                for sender in senders:
                    sender.address = running.ready["http"]
                time.sleep(chance.uniform(0, 0.6))
                running.kill()
    finally:
        for sender in senders:
            sender.done.set()
            sender.join()
    with collector(arguments) as running:
        assert running.ready
        assert running.stop() == 0
        assert running.event("stopped")["left_in_spool"] == 0

    sent = [record for sender in senders for record in sender.acknowledged]
    stored = check_books(Account.open(f"file:{tmp_path}/store"))
    assert [record for record in sent if stored[record] != 1] == [], f"seed {seed}"
    # What is stored and not acknowledged is at most what each sender had under way at the end.
    assert sum(stored.values()) - len(sent) <= SENDERS
    assert max(stored.values()) == 1
    assert len(sent) > rounds


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
