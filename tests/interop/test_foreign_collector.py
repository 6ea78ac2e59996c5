"""The OpenTelemetry Collector as sender and as receiver: all arrives, in both transports."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from beside import free_port
from running import collector, post, stand

from tests.interop.senders import PEER, WRITING_PEER
from tests.interop.stored import lines

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.prove

CONFIG = """\
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:PORT"}}}
processors:
  batch: {send_batch_size: 200, timeout: 200ms}
exporters:
  otlp_grpc: {endpoint: "GRPC", tls: {insecure: true}}
  otlp_http: {endpoint: "http://HTTP"}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], processors: [batch], exporters: [CHOSEN]}
    logs: {receivers: [otlp], processors: [batch], exporters: [CHOSEN]}
    metrics: {receivers: [otlp], processors: [batch], exporters: [CHOSEN]}
"""
REQUESTS, RECORDS = 40, 25
LISTS = {
    "traces": ("resourceSpans", "scopeSpans", "spans"),
    "logs": ("resourceLogs", "scopeLogs", "logRecords"),
    "metrics": ("resourceMetrics", "scopeMetrics", "metrics"),
}


def record(signal: str, number: int) -> dict[str, Any]:
    """Make a record that no other is like."""
    stamp = str(1_764_000_000_000_000_000 + number)
    attribute = {"key": "number", "value": {"intValue": str(number)}}
    if signal == "traces":
        ids = {"traceId": f"{number + 1:032x}", "spanId": f"{number + 1:016x}"}
        times = {"startTimeUnixNano": stamp, "endTimeUnixNano": stamp}
        return {**ids, "name": f"span {number}", "kind": 2, **times, "attributes": [attribute]}
    if signal == "logs":
        body = {"body": {"stringValue": f"record {number}"}}
        return {"timeUnixNano": stamp, "severityNumber": 9, **body, "attributes": [attribute]}
    point = {"timeUnixNano": stamp, "asInt": str(number), "attributes": [attribute]}
    return {"name": f"metric{number}", "gauge": {"dataPoints": [point]}}


def requests(signal: str) -> list[bytes]:
    """Write the requests that the collector is given."""
    outer, inner, leaf = LISTS[signal]
    bodies = []
    for request in range(REQUESTS):
        records = [record(signal, request * RECORDS + n) for n in range(RECORDS)]
        bodies.append(json.dumps({outer: [{inner: [{leaf: records}]}]}).encode())
    return bodies


def stored(folder: Path, signal: str) -> list[Any]:
    """Give the stored records in the order of their numbers."""
    outer, inner, leaf = LISTS[signal]
    found = [
        one
        for line in lines(folder, signal)
        for resource in line[outer]
        for scope in resource[inner]
        for one in scope[leaf]
    ]
    return in_order(signal, found)


def in_order(signal: str, found: list[Any]) -> list[Any]:
    """Sort records by their numbers."""
    key = {"traces": "spanId", "logs": "timeUnixNano"}.get(signal)
    return sorted(found, key=lambda one: one[key] if key else int(one["name"][len("metric") :]))


@pytest.mark.parametrize("exporter", ["otlp_grpc", "otlp_http"])
def test_what_the_collector_sends_is_stored(tmp_path: Path, exporter: str) -> None:
    assert PEER.exists(), "`make peers` builds the collector that this test sends with"
    port = free_port()
    with collector(stand(tmp_path)) as running:
        config = tmp_path / "peer.yaml"
        config.write_text(
            CONFIG.replace("PORT", str(port))
            .replace("GRPC", running.ready["grpc"])
            .replace("//HTTP", f"//{running.ready['http']}")
            .replace("CHOSEN", exporter)
        )
        peer = subprocess.Popen(
            [PEER, "--config", config], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        assert peer.stderr is not None
        said: list[str] = []
        reader = threading.Thread(target=said.extend, args=(peer.stderr,))
        reader.start()
        try:
            _wait_until_it_takes(f"http://127.0.0.1:{port}/v1/logs", peer, said)
            for signal in LISTS:
                for body in requests(signal):
                    assert post(f"http://127.0.0.1:{port}/v1/{signal}", body) == 200
        finally:
            peer.terminate()
            peer.wait(timeout=30)
            reader.join()
            peer.stderr.close()
        assert running.stop() == 0
    for signal in LISTS:
        sent = [record(signal, number) for number in range(REQUESTS * RECORDS)]
        assert _plain(stored(tmp_path, signal)) == _plain(sent)


TAKING = """\
receivers:
  otlp: {protocols: {grpc: {endpoint: "127.0.0.1:GRPC"}, http: {endpoint: "127.0.0.1:HTTP"}}}
exporters:
  file: {path: FILE}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], exporters: [file]}
    logs: {receivers: [otlp], exporters: [file]}
    metrics: {receivers: [otlp], exporters: [file]}
"""


@pytest.mark.parametrize("exporter", ["otlp", "otlphttp"])
def test_what_is_forwarded_to_the_collector_arrives(tmp_path: Path, exporter: str) -> None:
    assert WRITING_PEER.exists(), "`make peers` builds the collector that this test sends to"
    ports = {"GRPC": str(free_port()), "HTTP": str(free_port())}
    written = tmp_path / "written.jsonl"
    text = TAKING.replace("FILE", str(written))
    for name, port in ports.items():
        text = text.replace(name, port)
    config = tmp_path / "peer.yaml"
    config.write_text(text)
    peer = subprocess.Popen(
        [WRITING_PEER, "--config", config], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    try:
        _wait_until_it_takes(f"http://127.0.0.1:{ports['HTTP']}/v1/logs", peer, [])
        arguments = stand(tmp_path)
        file = tmp_path / "collector.yaml"
        target = ports["GRPC"] if exporter == "otlp" else ports["HTTP"]
        sending = f"  {exporter}: {{endpoint: 'http://127.0.0.1:{target}'}}\n"
        text = file.read_text().replace("exporters:\n", f"exporters:\n{sending}", 1)
        file.write_text(text.replace("exporters: [blob]", f"exporters: [blob, {exporter}]"))
        with collector(arguments) as running:
            for signal in LISTS:
                for body in requests(signal):
                    assert post(f"{running.otlp}/v1/{signal}", body) == 200
            # A stop waits for a receiver that answers.
            assert running.stop() == 0, running.events
    finally:
        peer.terminate()
        peer.wait(timeout=30)
    taken = [json.loads(line) for line in written.read_text().splitlines()]
    for signal, (outer, inner, leaf) in LISTS.items():
        found = [
            one
            for request in taken
            for resource in request.get(outer, [])
            for scope in resource[inner]
            for one in scope[leaf]
        ]
        sent = [record(signal, number) for number in range(REQUESTS * RECORDS)]
        assert _plain(in_order(signal, found)) == _plain(sent)


def _wait_until_it_takes(url: str, peer: subprocess.Popen[str], said: list[str]) -> None:
    deadline = time.monotonic() + 60
    while True:
        assert peer.poll() is None, said
        assert time.monotonic() < deadline, said
        try:
            if post(url, b"{}") == 200:
                return
        except OSError:
            time.sleep(0.1)


def _plain(records: list[Any]) -> list[Any]:
    """Leave out what the collector adds to a record: fields at their default."""
    return [
        {key: value for key, value in one.items() if value not in ("", 0, [], {})}
        for one in records
    ]
