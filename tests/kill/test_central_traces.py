"""The collector of the centre, killed with SIGKILL while it holds traces of two regions.

Each trace has spans from both regions, sent with the token of each, and an error in one of them
alone. Afterwards every such trace is stored whole and once, each span under the region that sent
it; no other trace is; and the books of each region balance.
"""

from __future__ import annotations

import hashlib
import json
import random
import threading
import time
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING

import pytest
from running import CONFIG, collector
from test_held_traces import check_books

from mainstem.store import Account

if TYPE_CHECKING:
    from pathlib import Path

REGIONS = ("euc", "use")
PLATFORM = """\
environment: test
regions:
  euc: {store: "file:euc", collector: euc.yaml, routes: {traces: forward}}
  use: {store: "file:use", collector: use.yaml, routes: {traces: forward}}
central: {store: "file:store", collector: central.yaml, origins: [euc, use]}
"""
SENDERS = """\
extensions:
  senders:
    clients:
CLIENTS
"""
CLIENT = "      - {name: REGION, region: REGION, token_sha256: [HASH]}\n"
SAMPLING = """\
processors:
  redaction: {allow_all_keys: true}
  tail_sampling:
    decision_wait: 400ms
    policies: [{name: errors, type: status_code, status_code: {status_codes: [ERROR]}}]
"""


def centre(folder: Path) -> list[str]:
    """Write a platform with a sampling centre, whose senders are told apart by their tokens."""
    clients = "".join(
        CLIENT.replace("REGION", region).replace(
            "HASH", hashlib.sha256(f"token of {region}".encode()).hexdigest()
        )
        for region in REGIONS
    )
    guarded = '{endpoint: "127.0.0.1:0", auth: {authenticator: senders}}'
    text = CONFIG.replace('{url: "URL"}', "").replace('{endpoint: "127.0.0.1:0"}', guarded)
    for before, after in (
        ("processors:\n  redaction: {allow_all_keys: true}\n", SAMPLING),
        ("extensions:\n", SENDERS.replace("CLIENTS\n", clients)),
        ("extensions: [health_check]", "extensions: [health_check, senders]"),
        (
            "traces: {receivers: [otlp], processors: [redaction]",
            "traces: {receivers: [otlp], processors: [redaction, tail_sampling]",
        ),
    ):
        assert before in text
        text = text.replace(before, after, 1)
    (folder / "central.yaml").write_text(text)
    (folder / "mainstem.yaml").write_text(PLATFORM)
    return ["--platform", str(folder / "mainstem.yaml"), "--central"]


class Sender(threading.Thread):
    """Sends a trace's spans from both regions; every second trace has an error in one."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self.kept: list[str] = []
        self.address: str | None = None
        self.done = threading.Event()

    def run(self) -> None:
        trace = 0
        while not self.done.is_set():
            trace += 1
            id_ = f"{self.number:016x}{trace:016x}"
            failed = trace % 2 == 0
            # Now one region is first, now the other. The error is in what is sent first: after a
            # kill, the trace may be decided before the rest comes.
            parts = list(enumerate(REGIONS))[:: 1 if trace // 2 % 2 else -1]
            whole = all(
                self._deliver(region, id_, part, failed and number == 0)
                for number, (part, region) in enumerate(parts)
            )
            if whole and failed:
                self.kept.append(id_)

    def _deliver(self, region: str, trace: str, part: int, failed: bool) -> bool:
        status = {"code": 2} if failed else {}
        # What a span says of its region counts for nothing.
        resource = {"attributes": [{"key": "region", "value": {"stringValue": "elsewhere"}}]}
        span = {"traceId": trace, "spanId": f"{part + 1:016x}", "status": status}
        body = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]}
        while not self._sent(region, json.dumps(body).encode()):
            if self.done.wait(0.02):
                return False
        return True

    def _sent(self, region: str, body: bytes) -> bool:
        if self.address is None:
            return False
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer token of {region}",
        }
        connection = HTTPConnection(self.address, timeout=5)
        try:
            connection.request("POST", "/v1/traces", body, headers)
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


@pytest.mark.parametrize(
    "rounds", [5, pytest.param(150, marks=[pytest.mark.prove, pytest.mark.timeout(3600)])]
)
def test_kills_of_the_centre_leave_one_decision_for_a_trace_of_two_regions(
    tmp_path: Path, rounds: int
) -> None:
    arguments = centre(tmp_path)
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    senders = [Sender(number + 1) for number in range(3)]
    for sender in senders:
        sender.start()
    try:
        for _ in range(rounds):
            with collector(arguments) as running:
                for sender in senders:
                    sender.address = running.ready["http"]
                time.sleep(chance.uniform(0.3, 1.2))
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

    store = Account.open(f"file:{tmp_path}/store")
    of_region = []
    for region in REGIONS:
        stored, waiting = check_books(store, f"{region}-ledger", region)
        assert waiting == 0, f"seed {seed}: {region}"
        assert max(stored.values()) == 1, f"seed {seed}: {region}"
        of_region.append(stored)
    for sender in senders:
        for trace in sender.kept:
            parts = [stored[trace, part + 1] for part, stored in enumerate(of_region)]
            assert parts == [1, 1], f"seed {seed}: trace {trace}"
    every = of_region[0] + of_region[1]
    assert all(int(trace[16:], 16) % 2 == 0 for trace, _ in every), "only traces with an error"
    assert sum(len(sender.kept) for sender in senders) > rounds
