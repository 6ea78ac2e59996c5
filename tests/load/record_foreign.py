"""Record what other collectors write, for the loader's tests: `make peers bench-collector`, then

    python tests/load/record_foreign.py

`contrib-<signal>.json` and `.proto` are the bodies that its otlp_http exporter sends. Contrib's
azureblob exporter, which cannot be built here, has the same marshalers write the same bytes: one
object or one request a blob. `rotel-<signal>.gz` is what rotel's OTLP exporter sends.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROTEL = ROOT / ".tools" / "rotel"
PEER = ROOT / "bench" / "peers" / "_build" / "otelcol-peer"
FOLDER = Path(__file__).parent / "foreign"
SIGNALS = {
    "traces": ("resourceSpans", "scopeSpans", "spans"),
    "logs": ("resourceLogs", "scopeLogs", "logRecords"),
    "metrics": ("resourceMetrics", "scopeMetrics", "metrics"),
}
TIME = 1_764_000_000_000_000_000
CONFIG = """\
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:PORT"}}}
processors:
  batch: {send_batch_size: 1000, timeout: 1s}
exporters:
  otlp_http/json: {endpoint: "http://127.0.0.1:SINK/json", encoding: json, compression: none}
  otlp_http/proto: {endpoint: "http://127.0.0.1:SINK/proto", compression: none}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], processors: [batch], exporters: [otlp_http/json, otlp_http/proto]}
    logs: {receivers: [otlp], processors: [batch], exporters: [otlp_http/json, otlp_http/proto]}
    metrics: {receivers: [otlp], processors: [batch], exporters: [otlp_http/json, otlp_http/proto]}
"""


def record(signal: str, number: int) -> dict[str, object]:
    """Make a record with a value of each kind, and an id of each length."""
    stamp = str(TIME + number)
    values = (
        {"stringValue": "päges"},
        {"intValue": "9007199254740993"},
        {"doubleValue": 1.5},
        {"boolValue": True},
        {"arrayValue": {"values": [{"stringValue": "a"}, {"intValue": "1"}]}},
        {"kvlistValue": {"values": [{"key": "k", "value": {"stringValue": "v"}}]}},
        {"bytesValue": "AAEC"},
    )
    attributes = [{"key": f"key.{n}", "value": value} for n, value in enumerate(values)]
    ids = {"traceId": f"{number + 1:032x}", "spanId": f"{number + 1:016x}"}
    match signal:
        case "traces":
            return {
                **ids,
                "parentSpanId": "00000000000000ff",
                "name": f"span {number}",
                "kind": 2,
                "startTimeUnixNano": stamp,
                "endTimeUnixNano": str(TIME + number + 5_000_000),
                "attributes": attributes,
                "events": [{"timeUnixNano": stamp, "name": "event"}],
                "links": [ids],
                "status": {"code": 2, "message": "failed"},
            }
        case "logs":
            return {
                **ids,
                "timeUnixNano": stamp,
                "observedTimeUnixNano": stamp,
                "severityNumber": 9,
                "severityText": "INFO",
                "eventName": "feature.used",
                "body": {"stringValue": f"log {number}"},
                "attributes": attributes,
            }
    point = {"timeUnixNano": stamp, "startTimeUnixNano": str(TIME), "attributes": attributes}
    histogram = {**point, "count": "3", "sum": 6.0, "bucketCounts": ["1", "2"]}
    data = {"dataPoints": [{**histogram, "explicitBounds": [1.0]}], "aggregationTemporality": 2}
    if number % 2:
        return {"name": "took", "unit": "ms", "histogram": data}
    return {"name": "in.use", "gauge": {"dataPoints": [{**point, "asInt": "7"}]}}


def request(signal: str) -> bytes:
    """Make a request of three records."""
    outer, inner, leaf = SIGNALS[signal]
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "checkout"}}]}
    scope = {"scope": {"name": "scope", "version": "1"}}
    records = [record(signal, number) for number in range(3)]
    return json.dumps({outer: [{"resource": resource, inner: [{**scope, leaf: records}]}]}).encode()


class Sink(BaseHTTPRequestHandler):
    """Writes each body down."""

    def do_POST(self) -> None:
        """Take a request whose path is /<encoding>/v1/<signal>."""
        encoding, _, signal = self.path.strip("/").split("/")
        body = self.rfile.read(int(self.headers["Content-Length"]))
        name = f"rotel-{signal}.gz" if encoding == "rotel" else f"contrib-{signal}.{encoding}"
        (FOLDER / name).write_bytes(body)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Record all."""
    agents = list(ROTEL.glob("lib/*/site-packages/rotel/rotel-agent"))
    if not PEER.exists() or not agents:
        sys.exit("`make peers bench-collector` builds and installs what this records")
    FOLDER.mkdir(exist_ok=True)
    sink = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        config, port = Path(folder) / "config.yaml", _free_port()
        text = CONFIG.replace("PORT", str(port)).replace("SINK", str(sink.server_port))
        config.write_text(text)
        _record([str(PEER), "--config", str(config)], port)
    port = _free_port()
    options = {
        "exporter": "otlp",
        "otlp-exporter-endpoint": f"http://127.0.0.1:{sink.server_port}/rotel",
        "otlp-exporter-protocol": "http",
        "otlp-exporter-compression": "gzip",
        "otlp-grpc-endpoint": f"127.0.0.1:{_free_port()}",
        "otlp-http-endpoint": f"127.0.0.1:{port}",
    }
    given = [part for option, value in options.items() for part in (f"--{option}", value)]
    _record([str(agents[0]), "start", *given], port)
    print("\n".join(sorted(path.name for path in FOLDER.iterdir())))


def _record(command: list[str], port: int) -> None:
    """Send a request of each signal through a collector, which ends when it has sent all on."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for signal in SIGNALS:
            _send(f"http://127.0.0.1:{port}/v1/{signal}", request(signal))
    finally:
        process.terminate()
        process.wait(timeout=30)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _send(url: str, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


if __name__ == "__main__":
    main()
