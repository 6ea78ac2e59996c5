"""Records per CPU-second and acknowledgement: mainstem, plain Python, and rotel throwing away.

mainstem and plain Python do the same work, with fsync before each answer; rotel stores nothing.

`python -m bench.collector [--json] [--spool FOLDER] [--seconds N]`. The replayer runs on one core
and the receiver on another, so two cores are needed; rotel is installed from PyPI at first.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import venv
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import spans
from bench.programs import ROOT, build, run, show
from mainstem.privacy import ensure_key

if TYPE_CHECKING:
    from collections.abc import Iterator

ROTEL = "rotel==0.0.1a15"
ROTEL_NAME = "rotel, throwing away"
SENDER_CORE, RECEIVER_CORE = 0, 1
CONNECTIONS = 16
SIZES = (10, 512)
TRANSPORTS = ("grpc", "http")


@dataclass
class Receiver:
    """A process under measurement and its addresses by transport."""

    name: str
    process: subprocess.Popen[str]
    addresses: dict[str, str]

    def cpu_seconds(self) -> float:
        """Read the processor time that the process has used so far, in all its threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_mb(self) -> int:
        """Read the most memory that the process has had resident so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        peak = re.search(r"VmHWM:\s+(\d+)", status)
        return 0 if peak is None else int(peak[1]) // 1024


def free_port() -> int:
    """Find a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def pinned(command: list[str]) -> subprocess.Popen[str]:
    """Start a receiver on its core."""
    return subprocess.Popen(
        ["taskset", "--cpu-list", str(RECEIVER_CORE), *command],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


@contextmanager
def mainstem(folder: Path, *, detectors: bool) -> Iterator[Receiver]:
    """Run a collector with fsync on."""
    key = ensure_key(folder / "key")
    plan = {
        "region": "bench",
        "environment": "play",
        "grpc": "127.0.0.1:0",
        "http": "127.0.0.1:0",
        "max_body_bytes": 20 << 20,
        "in_flight_bytes": 32 << 20,
        "spool": {
            "path": str(folder / "spool"),
            "durability": "disk",
            "segment_bytes": 32 << 20,
            "segment_age_ms": 30_000,
            "digest_window_ms": 600_000,
        },
        "key_path": str(key.path),
        "pipelines": [
            {
                "name": "traces",
                "signal": "traces",
                "steps": [{"redaction": spans.policy(detectors=detectors)}],
                "class": "traces",
            }
        ],
        "classes": {
            "traces": {
                "signal": "traces",
                "container": "traces",
                "name_format": "%Y/%m/%d/traces_%H_%M_%S.json",
                "timezone": "UTC",
                "compression": "zstd",
            }
        },
    }
    (folder / "plan").write_text(json.dumps(plan))
    process = pinned([sys.executable, "-m", "bench.sink", str(folder / "plan")])
    assert process.stdin is not None
    assert process.stdout is not None
    ports = json.loads(process.stdout.readline())
    name = "mainstem, default detectors" if detectors else "mainstem, two patterns"
    yield Receiver(name, process, _addresses(ports))
    process.stdin.close()
    process.stdout.read()
    process.wait(timeout=60)


@contextmanager
def plain_python(folder: Path) -> Iterator[Receiver]:
    """Run the same work in plain Python, with fsync on."""
    process = pinned([sys.executable, "-m", "bench.plain", str(folder / "plain")])
    assert process.stdin is not None
    assert process.stdout is not None
    ports = json.loads(process.stdout.readline())
    yield Receiver("plain Python, two patterns", process, _addresses(ports))
    process.stdin.close()
    process.wait(timeout=60)


@contextmanager
def rotel() -> Iterator[Receiver]:
    """Run rotel with its exporter that throws away."""
    home = ROOT / ".tools" / "rotel"
    if not list(home.glob("lib/*/site-packages/rotel/rotel-agent")):
        venv.create(home, with_pip=True)
        pip = [str(home / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, ROTEL], check=True)
    program = next(home.glob("lib/*/site-packages/rotel/rotel-agent"))
    addresses = {transport: f"127.0.0.1:{free_port()}" for transport in TRANSPORTS}
    command = [str(program), "start", "--exporter", "blackhole"]
    for transport, address in addresses.items():
        command += [f"--otlp-{transport}-endpoint", address]
    process = pinned(command)
    for address in addresses.values():
        wait_for(address)
    yield Receiver(ROTEL_NAME, process, addresses)
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=60)


def _addresses(ports: dict[str, int]) -> dict[str, str]:
    return {transport: f"127.0.0.1:{ports[transport]}" for transport in TRANSPORTS}


def wait_for(address: str) -> None:
    """Return once something listens there."""
    host, port = address.split(":")
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


class Bench:
    """One run over all cells: receivers, transports, records a request."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self.folder = folder
        self.seconds = seconds
        self.replay = build("replay")
        self.sent = 0
        for size in SIZES:
            body = spans.request(size).SerializeToString()
            self.template(size).write_bytes(body)
            Path(f"{self.template(size)}.slots").write_bytes(spans.slots(body, size))

    def template(self, size: int) -> Path:
        """Name the file with the request of so many spans."""
        return self.folder / f"template-{size}"

    def send(
        self, receiver: Receiver, transport: str, size: int, *, requests: int, rate: float = 0
    ) -> dict[str, Any]:
        """Send so many requests that nobody has seen; gives what the replayer saw."""
        address, first = receiver.addresses[transport], self.sent
        self.sent += requests
        result = run(
            self.replay,
            *(transport, address, self.template(size), requests, CONNECTIONS, rate, first),
            core=SENDER_CORE,
        )
        if result["refused"]:
            sys.exit(f"{receiver.name} refused {result['refused']} of {requests} requests")
        return result

    def cell(self, receiver: Receiver, transport: str, size: int) -> dict[str, Any]:
        """Measure one cell: as fast as it goes, then at half that load."""
        warm = self.send(receiver, transport, size, requests=max(200, 20_000 // size))
        requests = int(self.seconds * warm["requests"] / warm["seconds"]) + 1
        before = receiver.cpu_seconds()
        full = self.send(receiver, transport, size, requests=requests)
        cpu = receiver.cpu_seconds() - before
        rate = full["requests"] / full["seconds"] / 2
        half = self.send(
            receiver, transport, size, requests=int(self.seconds * rate) + 1, rate=rate
        )
        return {
            "receiver": receiver.name,
            "transport": transport,
            "records a request": size,
            "records/s": round(size * full["requests"] / full["seconds"]),
            "records per CPU-second": round(size * requests / cpu),
            "ack p50 ms": round(half["p50"] * 1000, 2),
            "ack p99 ms": round(half["p99"] * 1000, 2),
            "resident MB": receiver.resident_mb(),
        }

    def cells(self, receiver: Receiver) -> list[dict[str, Any]]:
        """Measure a receiver over all transports and sizes."""
        return [self.cell(receiver, t, size) for t in TRANSPORTS for size in SIZES]


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


def compare(rows: list[dict[str, Any]]) -> None:
    """Add to each row its records per CPU-second as a share of rotel's in the same cell."""
    key = "records per CPU-second"
    cells = {
        (r["transport"], r["records a request"]): r[key]
        for r in rows
        if r["receiver"] == ROTEL_NAME
    }
    for row in rows:
        of_rotel = row[key] / cells[row["transport"], row["records a request"]]
        row["of rotel's"] = round(of_rotel, 2)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(prog="python -m bench.collector")
    options.add_argument("--json", action="store_true", help="print JSON in place of a table")
    options.add_argument("--spool", type=Path, help="a folder on the disk to measure with")
    options.add_argument("--seconds", type=float, default=5.0, help="for each measurement")
    chosen = options.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(dir=chosen.spool) as name:
        folder = Path(name)
        bench = Bench(folder, chosen.seconds)
        for detectors in (False, True):
            home = folder / f"detectors-{detectors}"
            home.mkdir()
            with mainstem(home, detectors=detectors) as receiver:
                rows += bench.cells(receiver)
        with plain_python(folder) as receiver:
            rows += bench.cells(receiver)
        with rotel() as receiver:
            rows += bench.cells(receiver)
        disk = sync_p99(folder)
    compare(rows)
    show(f"Receiver on one core, {CONNECTIONS} senders; fdatasync p99 here: {disk:.2f} ms", rows)


if __name__ == "__main__":
    main()
