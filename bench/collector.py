"""Collectors side by side: records per CPU-second, acknowledgement, memory, and what they write.

`python -m bench.collector [--json] [--seconds N] [--only NAME,...] [--cells WORD,...]
[--spool FOLDER]`. The replayer and the sink that confirms run on one core and the receiver on
another, so two cores are needed. rotel is installed from PyPI at first; the OpenTelemetry
Collectors are those of `make peers`, and are left out with a word where they are not built.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from bench import logs, spans
from bench.programs import build, run, show
from bench.receivers import CONTESTANTS, OURS, PEERS, TRANSPORTS, Contestant, Sink

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.receivers import Receiver

SENDER_CORE = 0
CONNECTIONS = 16
SIZES = (10, 100, 512)
SIGNALS = ("traces", "logs")
SETTLED_S = 1.5
CPU = "records per CPU-second"


class Cell(NamedTuple):
    """What is sent, and how."""

    signal: str
    transport: str
    size: int

    def __str__(self) -> str:
        return f"{self.signal} {self.transport} {self.size}"


CELLS = [Cell(s, t, size) for s in SIGNALS for t in TRANSPORTS for size in SIZES]


@contextmanager
def confirming() -> Iterator[Sink]:
    """Run the sink, on the sender's core."""
    process = subprocess.Popen(
        ["taskset", "--cpu-list", str(SENDER_CORE), str(build("confirm"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    ports = json.loads(process.stdout.readline())
    yield Sink(*(f"127.0.0.1:{ports[transport]}" for transport in TRANSPORTS))
    process.stdin.close()
    process.stdout.close()
    process.wait(timeout=10)


def counts(sink: Sink) -> dict[str, int]:
    """Ask the sink what came."""
    with urllib.request.urlopen(f"http://{sink.http}/counts", timeout=10) as response:
        return dict(json.load(response))


class Bench:
    """One run over all cells."""

    def __init__(self, folder: Path, seconds: float, sink: Sink) -> None:
        self.folder = folder
        self.seconds = seconds
        self.sink = sink
        self.replay = build("replay")
        self.sent = 0
        for size in SIZES:
            for signal, body, slots in (
                ("traces", spans.request(size).SerializeToString(), spans.slots),
                ("logs", logs.marked(size).SerializeToString(), spans.slots),
            ):
                self.template(signal, size).write_bytes(body)
                Path(f"{self.template(signal, size)}.slots").write_bytes(slots(body, size))

    def template(self, signal: str, size: int) -> Path:
        """Name the file with the request of so many records."""
        return self.folder / f"{signal}-{size}"

    def send(
        self, receiver: Receiver, cell: Cell, *, requests: int, rate: float = 0
    ) -> dict[str, Any]:
        """Send so many requests that nobody has seen; gives what the replayer saw."""
        first = self.sent
        self.sent += requests
        address = receiver.addresses[cell.transport]
        template = self.template(cell.signal, cell.size)
        return run(
            self.replay,
            *(cell.transport, cell.signal, address, template, requests, CONNECTIONS, rate, first),
            core=SENDER_CORE,
        )

    def settle(self, receiver: Receiver) -> None:
        """Wait until the receiver has done what it put off, so that it counts as its work."""
        busy = receiver.cpu_seconds()
        while True:
            time.sleep(SETTLED_S)
            now = receiver.cpu_seconds()
            if now - busy < SETTLED_S / 20:
                return
            busy = now

    def cell(self, name: str, receiver: Receiver, cell: Cell) -> dict[str, Any]:
        """Measure one cell: as fast as it goes, then at half that load."""
        warm = self.send(receiver, cell, requests=max(200, 20_000 // cell.size))
        self.settle(receiver)
        requests = int(self.seconds * warm["requests"] / warm["seconds"]) + 1
        cpu, written, before = receiver.cpu_seconds(), receiver.written_bytes(), counts(self.sink)
        full = self.send(receiver, cell, requests=requests)
        self.settle(receiver)
        cpu, written = receiver.cpu_seconds() - cpu, receiver.written_bytes() - written
        after = counts(self.sink)
        accepted = full["requests"] - full["refused"]
        rate = full["requests"] / full["seconds"] / 2
        half = self.send(receiver, cell, requests=int(self.seconds * rate) + 1, rate=rate)
        return {
            "receiver": name,
            "cell": str(cell),
            "records/s": round(cell.size * accepted / full["seconds"]),
            CPU: round(cell.size * accepted / cpu),
            "refused": full["refused"] + half["refused"],
            "ack p50 ms": round(half["p50"] * 1000, 2),
            "ack p99 ms": round(half["p99"] * 1000, 2),
            "resident MB": receiver.resident_mb(),
            "MB written": round(written / 1e6, 1),
            "sent on": after["requests"] - before["requests"],
            "blobs": after["blobs"] - before["blobs"],
            "MB sent on": round((after["bytes"] - before["bytes"]) / 1e6, 1),
        }

    def contestant(self, contestant: Contestant, cells: list[Cell]) -> list[dict[str, Any]]:
        """Measure a receiver over the cells, and say how it ran."""
        print(f"\n{contestant.name}\n  lacks: {contestant.lacks}", file=sys.stderr)
        print("  " + contestant.settings.replace("\n", "\n  "), file=sys.stderr, flush=True)
        if contestant.name == "plain Python":
            cells = [cell for cell in cells if cell.signal == "traces"]
        folder = self.folder / re.sub(r"\W+", "-", contestant.name)
        with contestant.running(folder, self.sink) as receiver:
            rows = [self.cell(contestant.name, receiver, cell) for cell in cells]
            if losses := receiver.losses():
                print(f"  its log tells of lost data {losses} times", file=sys.stderr)
        return rows


def sync_p99(folder: Path, size: int = 40_000, count: int = 300) -> float:
    """Measure the disk's own fdatasync after `size` bytes: p99 in milliseconds."""
    taken = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(count):
            file.write(bytes(size))
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - begun)
    return sorted(taken)[int(count * 0.99)] * 1000


def compare(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Compare each way of mainstem with every other: geometric mean and worst cell."""
    speeds: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        speeds[row["receiver"]][row["cell"]] = row[CPU]
    compared = []
    for ours in (name for name in speeds if name.startswith(OURS)):
        for other, theirs in speeds.items():
            if other.startswith(OURS):
                continue
            ratios = {cell: speeds[ours][cell] / speed for cell, speed in theirs.items()}
            worst = min(ratios, key=lambda cell: ratios[cell])
            mean = math.exp(sum(map(math.log, ratios.values())) / len(ratios))
            compared.append(
                {
                    "by records per CPU-second": f"{ours} / {other}",
                    "geometric mean": round(mean, 2),
                    "worst": round(ratios[worst], 2),
                    "in": worst,
                }
            )
    return compared


def chosen(only: str, words: str) -> tuple[list[Contestant], list[Cell]]:
    """Choose receivers by parts of their names, and cells by words that they all have."""
    names = [name for name in only.split(",") if name]
    contestants = [c for c in CONTESTANTS if not names or any(name in c.name for name in names)]
    built = (PEERS / "otelcol-peer").exists() and (PEERS / "ottl" / "otelcol-ottl").exists()
    if not built and any("otelcol" in c.name for c in contestants):
        print("`make peers` has not built the OpenTelemetry Collectors", file=sys.stderr)
        contestants = [c for c in contestants if "otelcol" not in c.name]
    wanted = [word for word in words.split(",") if word]
    cells = [cell for cell in CELLS if all(word in str(cell).split() for word in wanted)]
    return contestants, cells


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(prog="python -m bench.collector")
    options.add_argument("--json", action="store_true", help="print JSON in place of tables")
    options.add_argument("--spool", type=Path, help="a folder on the disk to measure with")
    options.add_argument("--seconds", type=float, default=5.0, help="for each measurement")
    options.add_argument("--only", default="", help="receivers whose names hold one of these")
    options.add_argument("--cells", default="", help="cells with all of these: grpc,traces,10")
    given = options.parse_args()
    contestants, cells = chosen(given.only, given.cells)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(dir=given.spool) as name, confirming() as sink:
        bench = Bench(Path(name), given.seconds, sink)
        for contestant in contestants:
            rows += bench.contestant(contestant, cells)
        disk = sync_p99(Path(name))
    show(f"Receiver on one core, {CONNECTIONS} senders; fdatasync p99 here: {disk:.2f} ms", rows)
    if compared := compare(rows):
        show("Side by side", compared)


if __name__ == "__main__":
    main()
