"""Record what the collector of `make peers` makes of each case: `python -m tests.golden.record`.

A case is a file in cases/ with a signal, an OTLP/JSON request, and either the options of one or
more redaction processors (`processors`) or other processors under their types (`steps`); this
writes its `output`, null where all was removed. Each case has a pipeline of its own in one
collector, from an OTLP receiver on a port of its own to a path of its own in a small sink.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

CASES = Path(__file__).parent / "cases"
BUILT = Path(__file__).parents[2] / "bench" / "peers" / "_build"
COLLECTOR = BUILT / "otelcol-peer"
OLDER_COLLECTOR = BUILT / "ottl" / "otelcol-ottl"
"""Has the processors that the newer one could not be built with."""
NEWER = {"redaction", "probabilistic_sampler"}
START_SECONDS = 30.0


def read_cases() -> dict[str, dict[str, Any]]:
    """Give the cases by name, in the order of their names."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(CASES.glob("*.json"))}


class Sink(ThreadingHTTPServer):
    """Keeps the one request that each case exports, by the case's name."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _SinkHandler)
        self.received: dict[str, Any] = {}
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _SinkHandler(BaseHTTPRequestHandler):
    server: Sink

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received[self.path.strip("/")] = json.loads(body)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base's name)
        pass


def steps_of(case: dict[str, Any]) -> list[dict[str, Any]]:
    """Give a case's processors, each under its type."""
    steps: list[dict[str, Any]] = case.get("steps") or [
        {"redaction": options} for options in case["processors"]
    ]
    return steps


def configuration(cases: dict[str, dict[str, Any]], ports: dict[str, int], sink: str) -> Any:
    """Give the collector's configuration, with a pipeline for each case."""
    parts: dict[str, dict[str, Any]] = {"receivers": {}, "processors": {}, "exporters": {}}
    pipelines = {}
    for name, case in cases.items():
        endpoint = f"127.0.0.1:{ports[name]}"
        parts["receivers"][f"otlp/{name}"] = {"protocols": {"http": {"endpoint": endpoint}}}
        parts["exporters"][f"otlphttp/{name}"] = {
            f"{case['signal']}_endpoint": f"{sink}/{name}",
            "encoding": "json",
            "compression": "none",
            "retry_on_failure": {"enabled": False},
            # An export is over before its sender has an answer.
            "sending_queue": {"enabled": False},
        }
        processors = {
            f"{kind}/{name}-{i}": options
            for i, step in enumerate(steps_of(case))
            for kind, options in step.items()
        }
        parts["processors"] |= processors
        pipelines[f"{case['signal']}/{name}"] = {
            "receivers": [f"otlp/{name}"],
            "processors": list(processors),
            "exporters": [f"otlphttp/{name}"],
        }
    telemetry = {"metrics": {"level": "none"}, "logs": {"level": "error"}}
    return _escaped({**parts, "service": {"telemetry": telemetry, "pipelines": pipelines}})


def _escaped(part: Any) -> Any:
    """Double each `$`, which the collector would expand."""
    match part:
        case dict():
            return {key: _escaped(value) for key, value in part.items()}
        case list():
            return [_escaped(value) for value in part]
        case str():
            return part.replace("$", "$$")
        case _:
            return part


def free_ports(count: int) -> list[int]:
    """Find ports on which nothing listens."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def record(cases: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Run cases through the collectors; gives the requests that they export, by the case's name.

    A case that exports nothing is not among them.
    """
    received: dict[str, Any] = {}
    for collector, newer in ((COLLECTOR, True), (OLDER_COLLECTOR, False)):
        its = {
            name: case
            for name, case in cases.items()
            if newer == all(step.keys() <= NEWER for step in steps_of(case))
        }
        if its:
            received |= _run(collector, its)
    return received


def accepted(cases: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Leave out the cases whose processors the older collector refuses to start with."""
    while True:
        text = json.dumps(configuration(cases, dict.fromkeys(cases, 1), "http://127.0.0.1:1"))
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write(text)
            file.flush()
            command = [OLDER_COLLECTOR, "validate", "--config", file.name]
            told = subprocess.run(command, capture_output=True, text=True, check=False)
        refused = {name for name in cases if f"/{name}-" in told.stderr}
        if told.returncode == 0 or not refused:
            return cases
        cases = {name: case for name, case in cases.items() if name not in refused}


def _run(collector: Path, cases: dict[str, dict[str, Any]]) -> dict[str, Any]:
    sink = Sink()
    ports = dict(zip(cases, free_ports(len(cases)), strict=True))
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "collector.json"
        address = f"http://127.0.0.1:{sink.server_port}"
        path.write_text(json.dumps(configuration(cases, ports, address)))
        with subprocess.Popen([collector, "--config", path], env={**os.environ}) as process:
            try:
                for name, case in cases.items():
                    _send(process, ports[name], case)
            finally:
                process.terminate()
    sink.shutdown()
    sink.server_close()
    return sink.received


def _send(collector: subprocess.Popen[bytes], port: int, case: dict[str, Any]) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/{case['signal']}",
        json.dumps(case["input"]).encode(),
        {"Content-Type": "application/json"},
    )
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(request):
                return
        except urllib.error.HTTPError:
            raise
        except urllib.error.URLError:
            if collector.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def main() -> None:
    """Record all cases, or those that are named."""
    cases = read_cases()
    if names := sys.argv[1:]:
        cases = {name: cases[name] for name in names}
    outputs = record(cases)
    for name, case in cases.items():
        case["output"] = outputs.get(name)
        # A line each, so that a difference shows which part it is in.
        parts = [f'"{part}": {json.dumps(case[part], ensure_ascii=False)}' for part in case]
        (CASES / f"{name}.json").write_text("{\n" + ",\n".join(parts) + "\n}\n")
    print(f"{len(cases)} cases recorded")


if __name__ == "__main__":
    main()
