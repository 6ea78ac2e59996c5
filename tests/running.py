"""Collectors as processes, as a user runs them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any

from mainstem import _core
from mainstem.collect.plan import make_plan
from mainstem.collect.site import site_of
from mainstem.config.collector import read_collector
from mainstem.config.platform import load_platform
from mainstem.privacy import ensure_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

MAINSTEM = [sys.executable, "-c", "from mainstem.cli import main; main()"]
READY_S = 60

CONFIG = """\
receivers:
  otlp: {protocols: {grpc: {endpoint: "127.0.0.1:0"}, http: {endpoint: "127.0.0.1:0"}}}
processors:
  redaction: {allow_all_keys: true}
exporters:
  blob: {url: "URL"}
extensions:
  health_check:
    endpoint: 127.0.0.1:0
    check_collector_pipeline: {enabled: true, interval: 5m, exporter_failure_threshold: 2}
service:
  extensions: [health_check]
  telemetry: {metrics: {address: "127.0.0.1:0"}}
  pipelines:
    traces: {receivers: [otlp], processors: [redaction], exporters: [blob]}
    logs: {receivers: [otlp], processors: [redaction], exporters: [blob]}
    metrics: {receivers: [otlp], processors: [redaction], exporters: [blob]}
"""


@dataclass
class Running:
    """A collector's process and what it has logged so far."""

    process: subprocess.Popen[str]
    events: list[dict[str, Any]] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)

    @property
    def ready(self) -> dict[str, Any]:
        return self.event("ready")

    @property
    def otlp(self) -> str:
        return f"http://{self.ready['http']}"

    def event(self, name: str) -> dict[str, Any]:
        """Wait for a log event."""
        with self._news:
            found = self._news.wait_for(lambda: self._find(name) or self._ended(), READY_S)
            assert isinstance(found, dict), f"no {name!r} in {self.events}"
            return found

    def _find(self, name: str) -> dict[str, Any] | None:
        return next((event for event in self.events if event["event"] == name), None)

    def _ended(self) -> bool:
        return self.process.poll() is not None

    def follow(self) -> None:
        """Read what it logs until it ends."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            event = json.loads(line) if line.startswith("{") else {"event": line.rstrip()}
            with self._news:
                self.events.append(event)
                self._news.notify_all()
        self.process.wait()
        with self._news:
            self._news.notify_all()

    def stop(self) -> int:
        """End it as an orchestrator does, and give its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=40)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=10)


@contextmanager
def collector(
    arguments: Sequence[str],
    environment: Mapping[str, str] | None = None,
    program: Sequence[str] = MAINSTEM,
) -> Iterator[Running]:
    """Run `mainstem collect`; it is killed at the end if it still runs."""
    process = subprocess.Popen(
        [*program, "collect", "--json", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        env=None if environment is None else dict(environment),
    )
    running = Running(process)
    reader = threading.Thread(target=running.follow)
    reader.start()
    try:
        yield running
    finally:
        if process.poll() is None:
            running.kill()
        reader.join(timeout=10)
        assert process.stderr is not None
        process.stderr.close()


def stand(folder: Path, url: str = "file:store", durability: str = "disk") -> list[str]:
    """Write a platform and a configuration into a folder; gives the arguments to collect there."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "collector.yaml").write_text(CONFIG.replace("URL", url))
    (folder / "mainstem.yaml").write_text(
        "environment: play\ncentral: {store: 'file:central'}\nregions:\n"
        f"  euc: {{store: 'file:store', collector: collector.yaml, durability: {durability}}}\n"
    )
    return ["--platform", str(folder / "mainstem.yaml"), "--region", "euc"]


@contextmanager
def region_plane(folder: Path) -> Iterator[_core.DataPlane]:
    """Make the data plane of the collector that stands in a folder, without starting it."""
    stand(folder)
    site = site_of(load_platform(folder / "mainstem.yaml"), "euc")
    plan = make_plan(read_collector(folder / "collector.yaml"), site)
    ensure_key(site.key)
    site.spool.mkdir(parents=True)
    plane = _core.DataPlane(plan.core_json())
    try:
        yield plane
    finally:
        plane.close()


def post(url: str, body: bytes) -> int:
    """Send a JSON request; gives the status."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def delivered(address: str | None, path: str, body: bytes) -> bool:
    """Send a JSON request to a collector that may die meanwhile; tells whether it said OK."""
    if address is None:
        return False
    connection = HTTPConnection(address, timeout=5)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def get(url: str) -> tuple[int, str]:
    """Fetch a page."""
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def log_request(body: str) -> bytes:
    """Write a request with one log record."""
    record = {"timeUnixNano": "1764000000000000000", "body": {"stringValue": body}}
    logs = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}
    return json.dumps(logs).encode()
