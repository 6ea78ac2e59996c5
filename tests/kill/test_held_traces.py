"""A collector that holds traces back, killed with SIGKILL under load, again and again.

Each trace comes in several requests, each repeated until it is answered. Afterwards every trace
with an error is stored whole and once, no other is, every chain is whole, and the books balance.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from running import collector, delivered, stand

from mainstem.records import LedgerEntry
from mainstem.store import LEDGER, Account

if TYPE_CHECKING:
    from pathlib import Path

SENDERS = 3
PARTS = 3
SAMPLING = """\
processors:
  redaction: {allow_all_keys: true}
  tail_sampling:
    decision_wait: 400ms
    policies: [{name: errors, type: status_code, status_code: {status_codes: [ERROR]}}]
"""


class Sender(threading.Thread):
    """Sends traces of some requests each, of which the last says whether there was an error."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self.kept: list[str] = []
        self.whole = 0
        self.address: str | None = None
        self.done = threading.Event()

    def run(self) -> None:
        trace = 0
        while not self.done.is_set():
            trace += 1
            id_ = f"{self.number:016x}{trace:016x}"
            failed = trace % 2 == 0
            if all(self._deliver(id_, part, failed) for part in range(PARTS)):
                self.whole += 1
                if failed:
                    self.kept.append(id_)

    def _deliver(self, trace: str, part: int, failed: bool) -> bool:
        status = {"code": 2} if failed and part == 0 else {}
        span = {"traceId": trace, "spanId": f"{part + 1:016x}", "status": status}
        body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
        while not delivered(self.address, "/v1/traces", body):
            if self.done.wait(0.02):
                return False
        return True


@pytest.mark.parametrize(
    "rounds", [5, pytest.param(200, marks=[pytest.mark.prove, pytest.mark.timeout(3600)])]
)
def test_kills_leave_every_kept_trace_whole_and_once(tmp_path: Path, rounds: int) -> None:
    arguments = stand(tmp_path)
    config = tmp_path / "collector.yaml"
    text = config.read_text().replace(
        "processors:\n  redaction: {allow_all_keys: true}\n", SAMPLING
    )
    traces = "traces: {receivers: [otlp], processors: [redaction"
    config.write_text(text.replace(traces, f"{traces}, tail_sampling"))
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    senders = [Sender(number + 1) for number in range(SENDERS)]
    for sender in senders:
        sender.start()
    try:
        for _ in range(rounds):
            with collector(arguments) as running:
                for sender in senders:
                    sender.address = running.ready["http"]
                time.sleep(chance.uniform(0, 0.9))
                running.kill()
    finally:
        for sender in senders:
            sender.done.set()
            sender.join()
    with collector(arguments) as running:
        assert running.ready
        # Longer than a decision takes.
        time.sleep(3)
        assert running.stop() == 0
        assert running.event("stopped")["left_in_spool"] == 0

    stored, waiting = check_books(Account.open(f"file:{tmp_path}/store"))
    assert waiting == 0, f"seed {seed}"
    for sender in senders:
        for trace in sender.kept:
            parts = [stored[trace, part + 1] for part in range(PARTS)]
            assert parts == [1] * PARTS, f"seed {seed}: trace {trace}"
    assert max(stored.values()) == 1, f"seed {seed}"
    assert all(int(trace[16:], 16) % 2 == 0 for trace, _ in stored), "only traces with an error"
    assert sum(len(sender.kept) for sender in senders) > rounds


def check_books(
    account: Account, ledger_name: str = LEDGER, region: str = "euc"
) -> tuple[Counter[tuple[str, int]], int]:
    """Check each segment's books; gives the stored spans, and how many records wait still."""
    ledger = account.container(ledger_name)
    names = [info.name for info in ledger.list() if info.name.endswith(".json")]
    entries = [LedgerEntry.parse(ledger.read(name)) for name in names]
    stored: Counter[tuple[str, int]] = Counter()
    waiting = 0
    for entry in entries:
        assert (entry.counts.balance, entry.region) == (0, region)
        waiting += entry.counts.held_after - entry.counts.held_before
        if entry.blob is None:
            continue
        data = account.container(entry.blob.container).read(entry.blob.name)
        spans = [
            (span["traceId"], int(span["spanId"], 16))
            for line in data.splitlines()
            for resource in json.loads(line)["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]
        assert len(spans) == entry.counts.stored
        stored.update(spans)
    return stored, waiting
