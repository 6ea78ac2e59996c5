"""What a region's telemetry costs in a store: bytes at rest and operations, counted.

`python -m bench.azure [--seconds 60]`. A collector takes logs at a steady rate and uploads them to
Azurite (a first `make test` installs it); then they are replicated and loaded. Its own access
log tells the operations of each stage. Prices are put into docs/azure/cost.md's formulas by whoever
has them.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import logs
from bench.programs import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

AZURITE = ROOT / ".tools/azurite/node_modules/azurite/dist/src/blob/main.js"
KEY = "bWFpbnN0ZW0gdGVzdHM="  # not a secret: the emulator's accounts'
IN_REQUEST = 100
REQUESTS_A_SECOND = 10
PORT = 10900
_LINE = re.compile(r'"(?P<verb>[A-Z]+) (?P<path>\S+) HTTP/1\.1" (?P<status>\d+)')

CONFIG = """\
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:0"}, http: {endpoint: "127.0.0.1:0"}}}}
processors: {redaction: {allow_all_keys: true}}
exporters: {blob: {compression: zstd}}
service:
  telemetry: {metrics: {level: none}}
  pipelines: {logs: {receivers: [otlp], processors: [redaction], exporters: [blob]}}
"""


def address(account: str) -> str:
    """Give an emulated account's connection string."""
    return (
        f"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={KEY};"
        f"BlobEndpoint=http://127.0.0.1:{PORT}/{account};"
    )


def kind(verb: str, path: str) -> str:
    """Name an operation as Azure bills it: writing and listing cost alike, reading less."""
    if "comp=list" in path or "restype=container" in path:
        return "list or create container"
    return {"PUT": "write", "GET": "read", "HEAD": "read", "DELETE": "delete"}.get(verb, verb)


def operations(lines: Iterator[str]) -> dict[str, int]:
    """Count the operations of an access log by kind."""
    found = (_LINE.search(line) for line in lines)
    return dict(Counter(kind(each["verb"], each["path"]) for each in found if each))


def measure(durability: str, seconds: int) -> dict[str, Any]:
    """Run collector, replicate and load once; durations, bytes and operations of each."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        log = folder / "access.log"
        with log.open("w") as out:
            emulator = subprocess.Popen(
                [
                    *("node", str(AZURITE), "--blobPort", str(PORT), "--location", made),
                    *("--skipApiVersionCheck", "--disableTelemetry"),
                ],
                stdout=out,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "AZURITE_ACCOUNTS": f"region:{KEY};centre:{KEY}"},
            )
        try:
            return _measure(folder, log, durability, seconds)
        finally:
            emulator.terminate()
            emulator.wait(timeout=10)


def _measure(folder: Path, log: Path, durability: str, seconds: int) -> dict[str, Any]:
    (folder / "collector.yaml").write_text(CONFIG)
    (folder / "mainstem.yaml").write_text(
        f"environment: play\nregions:\n  euc:\n    store: '{address('region')}'\n"
        f"    collector: collector.yaml\n    durability: {durability}\n"
        f"central: {{store: '{address('centre')}'}}\n"
    )
    platform = ("--platform", str(folder / "mainstem.yaml"))
    program = [sys.executable, "-c", "from mainstem.cli import main; main()"]
    told = folder / "collector.log"
    with told.open("w") as out:
        collector = subprocess.Popen(
            [*program, "collect", "--json", *platform, "--region", "euc"], stderr=out
        )
    ready: dict[str, str] = {}
    while not ready:
        assert collector.poll() is None, told.read_text()
        events = (json.loads(line) for line in told.read_text().splitlines() if line[:1] == "{")
        ready = next((each for each in events if each["event"] == "ready"), {})
        time.sleep(0.2)
    seen = len(log.read_text().splitlines())
    records = 0
    connection = http.client.HTTPConnection(ready["http"], timeout=60)
    began = time.monotonic()
    for number in range(seconds * REQUESTS_A_SECOND):
        pause = began + number / REQUESTS_A_SECOND - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        body = logs.request(IN_REQUEST, number).SerializeToString()
        headers = {"Content-Type": "application/x-protobuf"}
        connection.request("POST", "/v1/logs", body, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        records += IN_REQUEST
    collector.terminate()
    collector.wait(timeout=60)
    stages: dict[str, Any] = {}
    lines = log.read_text().splitlines()
    stages["collect"], seen = operations(iter(lines[seen:])), len(lines)
    for stage in ("replicate", "load"):
        subprocess.run([*program, stage, *platform], check=True, stdout=subprocess.DEVNULL)
        lines = log.read_text().splitlines()
        stages[stage], seen = operations(iter(lines[seen:])), len(lines)
    return {
        "durability": durability,
        "seconds": seconds,
        "records": records,
        "operations": stages,
        "bytes": _bytes(folder),
    }


def _bytes(folder: Path) -> dict[str, int]:
    from mainstem.store import Account  # noqa: PLC0415 - the emulator has to run

    account = Account.open(address("region"))
    return {
        name: sum(info.bytes for info in account.container(name).list())
        for name in ("logs", "ledger")
    } | {"warehouse": (folder / "warehouse.duckdb").stat().st_size}


def main() -> None:
    """Measure both durabilities and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    given = parser.parse_args()
    results = [measure(each, given.seconds) for each in ("disk", "store")]
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
