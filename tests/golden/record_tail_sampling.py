"""Record which traces the collector's `tail_sampling` keeps.

`python -m tests.golden.record_tail_sampling` does it.
`tail_sampling.json` has one request, and cases of policies; each case has a pipeline of its own in
one collector, and this writes as `kept` the ids of the traces that came out of it.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.golden.record import OLDER_COLLECTOR, _escaped, _send, free_ports

CASES = Path(__file__).parent / "tail_sampling.json"
WAIT_S = 2


def record(request: dict[str, Any], cases: dict[str, dict[str, Any]]) -> dict[str, list[str]]:
    """Run cases through the collector; gives the traces that each keeps, in order of their ids."""
    ports = dict(zip(cases, free_ports(len(cases)), strict=True))
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        path = folder / "collector.json"
        path.write_text(json.dumps(_configuration(cases, ports, folder)))
        with subprocess.Popen([OLDER_COLLECTOR, "--config", path]) as collector:
            try:
                for port in ports.values():
                    _send(collector, port, {"signal": "traces", "input": request})
                # Two ticks of the processor, each a second, beyond the wait.
                time.sleep(WAIT_S + 3)
            finally:
                collector.terminate()
        return {name: _kept(folder / f"{name}.json") for name in cases}


def trace_ids(request: dict[str, Any]) -> set[str]:
    """Give the ids of a request's traces."""
    return {
        span["traceId"]
        for resource in request.get("resourceSpans", [])
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    }


def _kept(path: Path) -> list[str]:
    lines = path.read_text().splitlines() if path.exists() else []
    return sorted(set().union(*(trace_ids(json.loads(line)) for line in lines)))


def _configuration(
    cases: dict[str, dict[str, Any]], ports: dict[str, int], folder: Path
) -> dict[str, Any]:
    return {
        "receivers": {
            f"otlp/{name}": {"protocols": {"http": {"endpoint": f"127.0.0.1:{port}"}}}
            for name, port in ports.items()
        },
        "processors": {
            f"tail_sampling/{name}": {
                "decision_wait": f"{WAIT_S}s",
                "policies": _escaped(case["policies"]),
            }
            for name, case in cases.items()
        },
        "exporters": {f"file/{name}": {"path": str(folder / f"{name}.json")} for name in cases},
        "service": {
            "telemetry": {"metrics": {"level": "none"}, "logs": {"level": "error"}},
            "pipelines": {
                f"traces/{name}": {
                    "receivers": [f"otlp/{name}"],
                    "processors": [f"tail_sampling/{name}"],
                    "exporters": [f"file/{name}"],
                }
                for name in cases
            },
        },
    }


def main() -> None:
    """Record all cases."""
    golden = json.loads(CASES.read_text())
    for name, kept in record(golden["input"], golden["cases"]).items():
        golden["cases"][name]["kept"] = kept
    # A line a case, so that a difference shows which it is in.
    lines = [f'"{name}": {json.dumps(case)}' for name, case in golden["cases"].items()]
    text = ",\n".join(lines)
    CASES.write_text(f'{{"input": {json.dumps(golden["input"])},\n"cases": {{\n{text}\n}}}}\n')
    print(f"{len(lines)} cases recorded")


if __name__ == "__main__":
    main()
