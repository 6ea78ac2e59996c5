"""Record what the collector's `interval` gathers: `python -m tests.golden.record_interval`.

Each case of `interval.json` has options and requests; all of a case's requests are sent within one
interval, and this writes as `output` what the collector has exported after it.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from tests.golden.record import COLLECTOR, _send, free_ports

CASES = Path(__file__).parent / "interval.json"
INTERVAL_S = 4


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(json.loads(body))  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base's name)
        pass


def record(case: dict[str, Any]) -> list[dict[str, Any]]:
    """Run one case through the collector; gives the requests that it exports."""
    sink = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    sink.received = []  # type: ignore[attr-defined]
    Thread(target=sink.serve_forever, daemon=True).start()
    (port,) = free_ports(1)
    exporter = {
        "metrics_endpoint": f"http://127.0.0.1:{sink.server_port}",
        "encoding": "json",
        "compression": "none",
        "sending_queue": {"enabled": False},
    }
    configuration = {
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": f"127.0.0.1:{port}"}}}},
        "processors": {"interval": {**case["options"], "interval": f"{INTERVAL_S}s"}},
        "exporters": {"otlphttp": exporter},
        "service": {
            "telemetry": {"metrics": {"level": "none"}, "logs": {"level": "error"}},
            "pipelines": {
                "metrics": {
                    "receivers": ["otlp"],
                    "processors": ["interval"],
                    "exporters": ["otlphttp"],
                }
            },
        },
    }
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "collector.json"
        path.write_text(json.dumps(configuration))
        with subprocess.Popen([COLLECTOR, "--config", path]) as collector:
            try:
                for request in case["input"]:
                    _send(collector, port, {"signal": "metrics", "input": request})
                time.sleep(INTERVAL_S + 1)
            finally:
                collector.terminate()
    sink.shutdown()
    sink.server_close()
    received: list[dict[str, Any]] = sink.received  # type: ignore[attr-defined]
    return [request for request in received if request.get("resourceMetrics")]


def main() -> None:
    """Record all cases."""
    cases = json.loads(CASES.read_text())
    for case in cases.values():
        case["output"] = record(case)
    # A line a case, so that a difference shows which it is in.
    lines = [f'"{name}": {json.dumps(case)}' for name, case in cases.items()]
    CASES.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{len(cases)} cases recorded")


if __name__ == "__main__":
    main()
