"""The receivers that `bench.collector` measures: how each runs and what it leaves out of the work.

Each runs on one core and listens on free ports; all but those that store or throw away send to the
sink that confirms.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import venv
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import spans
from bench.programs import ROOT
from mainstem.config.template import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROTEL = "rotel==0.0.1a15"
PEERS = ROOT / "bench" / "peers" / "_build"
ARTICLE = ROOT / "examples" / "article" / "config.tmpl"
RECEIVER_CORE = 1
TRANSPORTS = ("grpc", "http")
READY_S = 60


@dataclass(frozen=True)
class Sink:
    """The addresses of the sink that confirms."""

    grpc: str
    http: str


@dataclass
class Receiver:
    """A process under measurement, its addresses by transport, and the file of its own logs."""

    process: subprocess.Popen[str]
    addresses: dict[str, str]
    log: Path

    def cpu_seconds(self) -> float:
        """Read the processor time that the process has used so far, in all its threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_mb(self) -> int:
        """Read the most memory that the process has had resident so far."""
        return _number("status", self.process.pid, r"VmHWM:\s+(\d+)") // 1024

    def written_bytes(self) -> int:
        """Read what the process has had written to disks so far."""
        return _number("io", self.process.pid, r"^write_bytes: (\d+)")

    def losses(self) -> int:
        """Count the lines of its log that say that it threw data away."""
        return len(re.findall(r"(?i)dropping data|dropped|rejected", self.log.read_text()))

    def stop(self) -> None:
        """End it as an orchestrator does."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)


@dataclass(frozen=True)
class Contestant:
    """A receiver that can be started in a folder; `lacks` is what it does not do of the work."""

    name: str
    settings: str
    lacks: str
    start: Callable[[Path, Sink], Receiver]

    @contextmanager
    def running(self, folder: Path, sink: Sink) -> Iterator[Receiver]:
        """Run it."""
        folder.mkdir()
        receiver = self.start(folder, sink)
        try:
            yield receiver
        finally:
            receiver.stop()


def _number(file: str, pid: int, pattern: str) -> int:
    found = re.search(pattern, Path(f"/proc/{pid}/{file}").read_text(), re.MULTILINE)
    return 0 if found is None else int(found[1])


def free_addresses(count: int = len(TRANSPORTS)) -> list[str]:
    """Find ports that nobody listens on now."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return [f"127.0.0.1:{port}" for port in ports]


def pinned(command: list[str], log: Path, **environment: str) -> subprocess.Popen[str]:
    """Start a receiver on its core; its standard error goes into a file."""
    with log.open("w") as errors:
        return subprocess.Popen(
            ["taskset", "--cpu-list", str(RECEIVER_CORE), *command],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if "bench.plain" in command else subprocess.DEVNULL,
            stderr=errors,
            text=True,
            env={**os.environ, **environment},
        )


def wait_for(address: str, process: subprocess.Popen[str], log: Path) -> None:
    """Return once something listens there."""
    host, port = address.split(":")
    deadline = time.monotonic() + READY_S
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"a receiver does not listen; it said: {log.read_text()[-2000:]}")
            time.sleep(0.05)
        else:
            return


def listening(command: list[str], folder: Path, addresses: list[str]) -> Receiver:
    """Start a receiver that was told its addresses."""
    log = folder / "log"
    process = pinned(command, log)
    for address in addresses:
        wait_for(address, process, log)
    return Receiver(process, dict(zip(TRANSPORTS, addresses, strict=True)), log)


# mainstem


def article(sink: Sink, addresses: list[str], *, zstd: bool, contrib_reach: bool) -> str:
    """Give the article's configuration, with this machine's addresses and the sink as its store."""
    store = (
        "DefaultEndpointsProtocol=http;AccountName=bench;AccountKey=YmVuY2g=;"
        f"BlobEndpoint=http://{sink.http}/bench;"
    )
    text = render(ARTICLE.read_text(), {"connection_string": json.dumps(store)}, ARTICLE.name)
    for port, address in zip(("4317", "4318"), addresses, strict=True):
        text = text.replace(f"0.0.0.0:{port}", address)
    text = text.replace("0.0.0.0:13133", "127.0.0.1:0")
    text = text.replace("service:\n", "service:\n  telemetry: {metrics: {level: none}}\n", 1)
    if zstd:
        text = text.replace("  azureblob:\n", "  azureblob:\n    compression: zstd\n", 1)
    if contrib_reach:
        text = text.replace("  redaction:\n", "  redaction:\n    coverage: attributes\n", 1)
    return text


def mainstem(
    *, zstd: bool = False, contrib_reach: bool = False
) -> Callable[[Path, Sink], Receiver]:
    """Run `mainstem collect` with the article's configuration; its durability is `disk`."""

    def start(folder: Path, sink: Sink) -> Receiver:
        addresses = free_addresses()
        config = folder / "config.yaml"
        config.write_text(article(sink, addresses, zstd=zstd, contrib_reach=contrib_reach))
        program = "from mainstem.cli import main; main()"
        command = [sys.executable, "-c", program, "collect", "--json", "--config", str(config)]
        log = folder / "log"
        process = pinned(command, log, XDG_STATE_HOME=str(folder / "state"))
        for address in addresses:
            wait_for(address, process, log)
        return Receiver(process, dict(zip(TRANSPORTS, addresses, strict=True)), log)

    return start


# The OpenTelemetry Collector

PEER = """\
receivers:
  otlp:
    protocols:
      grpc: {{endpoint: {grpc}, max_recv_msg_size_mib: 64}}
      http: {{endpoint: {http}}}
processors:
  batch: {{send_batch_size: 8192, timeout: 1s}}
  redaction: {{allow_all_keys: true, blocked_values: {patterns}}}
exporters:
  {exporter}
extensions:
  {extension}
service:
  extensions: [{extensions}]
  telemetry: {{metrics: {{level: none}}, logs: {{level: warn}}}}
  pipelines:
    traces: {{receivers: [otlp], processors: [{processors}], exporters: [{exporters}]}}
    logs: {{receivers: [otlp], processors: [{processors}], exporters: [{exporters}]}}
"""


@dataclass(frozen=True)
class PeerSettings:
    """What differs between the ways to run it."""

    binary: str
    exporter: str
    processors: str
    storage: bool = False

    def yaml(self, grpc: str, http: str, sink: str, folder: str) -> str:
        """Write its configuration."""
        return PEER.format(
            grpc=grpc,
            http=http,
            patterns=json.dumps(list(spans.PATTERNS)),
            exporter=self.exporter.replace("SINK", sink).replace("FOLDER", folder),
            extension=f"file_storage: {{directory: {folder}}}" if self.storage else "{}",
            extensions="file_storage" if self.storage else "",
            processors=self.processors,
            exporters=self.exporter.partition(":")[0],
        )

    def start(self, folder: Path, sink: Sink) -> Receiver:
        """Run it."""
        addresses = free_addresses()
        config = folder / "config.yaml"
        config.write_text(self.yaml(*addresses, sink.grpc, str(folder)))
        return listening([str(PEERS / self.binary), "--config", str(config)], folder, addresses)


BATCH = PeerSettings(
    "otelcol-peer",
    "otlp_grpc: {endpoint: SINK, compression: none, tls: {insecure: true}, "
    "sending_queue: {block_on_overflow: true}}",
    "redaction, batch",
)
QUEUE = PeerSettings(
    "otelcol-peer",
    "otlp_grpc: {endpoint: SINK, compression: none, tls: {insecure: true}, "
    "sending_queue: {storage: file_storage, block_on_overflow: true, sizer: items, "
    "queue_size: 200000, batch: {flush_timeout: 1s, min_size: 8192}}}",
    "redaction",
    storage=True,
)
FILE = PeerSettings(
    "ottl/otelcol-ottl", "file: {path: FOLDER/out.json, flush_interval: 1s}", "redaction, batch"
)


# rotel


def rotel(*exporter: str) -> Callable[[Path, Sink], Receiver]:
    """Run rotel with an exporter."""

    def start(folder: Path, sink: Sink) -> Receiver:
        addresses = free_addresses()
        command = [str(rotel_program()), "start"]
        command += [part.replace("SINK", sink.grpc) for part in exporter]
        for transport, address in zip(TRANSPORTS, addresses, strict=True):
            command += [f"--otlp-{transport}-endpoint", address]
        return listening(command, folder, addresses)

    return start


def rotel_program() -> Path:
    """Find rotel's program; install it from PyPI at first."""
    home = ROOT / ".tools" / "rotel"
    if not list(home.glob("lib/*/site-packages/rotel/rotel-agent")):
        venv.create(home, with_pip=True)
        pip = [str(home / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, ROTEL], check=True)
    return next(home.glob("lib/*/site-packages/rotel/rotel-agent"))


THROW_AWAY = ("--exporter", "blackhole")
SEND_ON = (
    *("--exporter", "otlp", "--otlp-exporter-endpoint", "http://SINK"),
    *("--otlp-exporter-protocol", "grpc", "--otlp-exporter-compression", "none"),
)


def plain_python(folder: Path, _sink: Sink) -> Receiver:
    """Run the same work in plain Python, with fsync on."""
    log = folder / "log"
    process = pinned([sys.executable, "-m", "bench.plain", str(folder / "plain")], log)
    assert process.stdout is not None
    ports: dict[str, Any] = json.loads(process.stdout.readline())
    return Receiver(process, {t: f"127.0.0.1:{ports[t]}" for t in TRANSPORTS}, log)


OURS = "mainstem"
CONTESTANTS = (
    Contestant(
        OURS,
        "the article's configuration as it stands: durability: disk, blobs not compressed",
        "nothing: every text is redacted and durable before the answer; blobs go to the sink",
        mainstem(),
    ),
    Contestant(
        f"{OURS}, zstd",
        "the article's configuration with compression: zstd; durability: disk",
        "nothing: the same",
        mainstem(zstd=True),
    ),
    Contestant(
        f"{OURS}, zstd, contrib's reach",
        "the same with coverage: attributes; durability: disk",
        "redaction beyond attribute values and bodies, as contrib",
        mainstem(zstd=True, contrib_reach=True),
    ),
    Contestant(
        "otelcol 0.165, batch",
        BATCH.yaml("GRPC", "HTTP", "SINK", "FOLDER"),
        "nothing is stored; what was answered waits in memory, and a crash loses it",
        BATCH.start,
    ),
    Contestant(
        "otelcol 0.165, queue",
        QUEUE.yaml("GRPC", "HTTP", "SINK", "FOLDER"),
        "no blob is made; the queue on disk is not synced, so that a power failure loses it",
        QUEUE.start,
    ),
    Contestant(
        "otelcol 0.161, file",
        FILE.yaml("GRPC", "HTTP", "SINK", "FOLDER"),
        "one file in place of blobs; what was answered waits in memory, and nothing is synced",
        FILE.start,
    ),
    Contestant(
        "rotel, throwing away",
        f"rotel start {' '.join(THROW_AWAY)}",
        "no redaction, nothing is stored or sent on",
        rotel(*THROW_AWAY),
    ),
    Contestant(
        "rotel, OTLP",
        f"rotel start {' '.join(SEND_ON)}",
        "no redaction, nothing is stored; what was answered waits in memory",
        rotel(*SEND_ON),
    ),
    Contestant(
        "plain Python",
        "python -m bench.plain: protobuf's classes, two patterns, zstd, one fdatasync a request",
        "traces only; redaction beyond attribute values",
        plain_python,
    ),
)
