"""Reading in a region: how long a search over days of blobs takes, with the index and without.

`python -m bench.reading [--json] [--gb N] [--folder DIR]`. It makes a region's store of N GB (14, a
GB a day, in segments of 32 MiB with their ledger and index), and calls the command as a person
does, one after the other; the time is that of the whole command, start included. Without the index
the same search reads every blob that the ledger's times leave over.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import spans
from bench.programs import ROOT, show
from mainstem import _core
from mainstem.records import LEDGER_FORMAT, entry_name
from mainstem.store import INDEX, LEDGER, Account, index_name

if TYPE_CHECKING:
    from collections.abc import Iterator

SEGMENT_BYTES = 32 << 20
IN_REQUEST = 100
SPANS_OF_A_TRACE = 4
DAYS = 14
INSTANCE = "00000000000000aa"
PLATFORM = """
environment: play
regions:
  euc: {store: "file:./store"}
central: {store: "file:./central"}
"""
IDS = re.compile(rb'(?<="traceId":")[0-9a-f]{32}')
TIMES = re.compile(rb'(?<=TimeUnixNano":")\d{19}')


class Requests:
    """Lines of a blob: the same spans under other trace ids and at another time."""

    def __init__(self) -> None:
        body = spans.request(IN_REQUEST).SerializeToString()
        line = _core.transcode("traces", body, "protobuf")
        self._parts = IDS.split(line)

    def lines(self, at_ns: int) -> Iterator[bytes]:
        """Give lines without end; every `SPANS_OF_A_TRACE` spans are one trace."""
        time_ns = str(at_ns).encode()
        parts = [TIMES.sub(time_ns, part) for part in self._parts]
        while True:
            ids = os.urandom(16 * (1 + len(parts) // SPANS_OF_A_TRACE)).hex().encode()
            line = [parts[0]]
            for number, part in enumerate(parts[1:]):
                begin = number // SPANS_OF_A_TRACE * 32
                line += [ids[begin : begin + 32], part]
            yield b"".join(line) + b"\n"


class Ledger:
    """Writes the entries of one instance, hour by hour."""

    def __init__(self, account: Account) -> None:
        self._ledger = account.container(LEDGER)
        self._seq = 0
        self._hour: list[dict[str, Any]] = []
        self._open = ""

    def segment(self, at: datetime, segment: str, name: str, data: bytes, lines: int) -> None:
        """Write a segment's entry, and before it the end of the hour that lies behind it."""
        hour = f"{at:%Y-%m-%dT%H}"
        if self._open not in ("", hour):
            self.close_hour(at)
        self._open = hour
        nanos = str(int(at.timestamp()) * 10**9)
        document = self._write(
            at,
            kind="segment",
            segment=segment,
            signal="traces",
            **{"class": "traces"},
            hour=hour,
            policy="0" * 16,
            blob={
                "container": "traces",
                "name": name,
                "bytes": len(data),
                "sha256": hashlib.sha256(data).hexdigest(),
                "compression": "none",
                "lines": lines,
            },
            first_time_unix_nano=nanos,
            last_time_unix_nano=nanos,
        )
        self._hour.append({"sha256": "0" * 64, "entry": document})

    def close_hour(self, at: datetime) -> None:
        """Repeat the hour's entries in one object, as a collector does."""
        self._write(at, kind="hour_closed", hour=self._open, entries=self._hour)
        self._hour = []

    def _write(self, at: datetime, **more: Any) -> dict[str, Any]:
        document = {
            "format": LEDGER_FORMAT,
            "instance": INSTANCE,
            "seq": self._seq,
            "previous": "0" * 64,
            "region": "euc",
            "environment": "play",
            "at_unix_nano": str(int(at.timestamp()) * 10**9),
            **more,
        }
        name = entry_name(f"{at:%Y/%m/%d}", INSTANCE, self._seq)
        self._ledger.create(name, json.dumps(document).encode())
        self._seq += 1
        return document


def make_store(folder: Path, gigabytes: float) -> tuple[str, datetime, float]:
    """Make the store; give a trace id in the middle of it, that trace's hour, and index CPU s."""
    (folder / "mainstem.yaml").write_text(PLATFORM)
    account = Account.open("file:./store", folder)
    ledger, requests = Ledger(account), Requests()
    segments = max(2, int(gigabytes * 1e9 / SEGMENT_BYTES))
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(days=DAYS) + timedelta(hours=1)
    step = (timedelta(days=DAYS) - timedelta(hours=2)) / segments
    trace, hour, index_s = "", begin, 0.0
    for number in range(segments):
        at = begin + number * step
        pieces, size = [], 0
        for line in requests.lines(int(at.timestamp()) * 10**9):
            pieces.append(line)
            size += len(line)
            if size >= SEGMENT_BYTES:
                break
        data = b"".join(pieces)
        segment = f"{number:016x}"
        name = f"{at:%Y/%m/%d/traces_%H_%M_%S}_{segment}.json"
        account.container("traces").create(name, data)
        begun = time.process_time()
        index = _core.index_blob(data, ["tenant.id"])
        index_s += time.process_time() - begun
        account.container(INDEX).create(index_name("traces", name), index)
        ledger.segment(at, segment, name, data, len(pieces))
        if number == segments // 2:
            found = IDS.search(pieces[len(pieces) // 2])
            trace, hour = (found[0].decode() if found else ""), at.replace(minute=0, second=0)
        print(f"\r{number + 1} of {segments} segments", end="", file=sys.stderr)
    ledger.close_hour(begin + segments * step)
    print(file=sys.stderr)
    return trace, hour, index_s


def ask(folder: Path, *question: str) -> dict[str, Any]:
    """Call the command; give its wall time, what it found, and what it says that it read."""
    command = [sys.executable, "-c", "from mainstem.cli import main; main()", "traces", *question]
    begun = time.monotonic()
    done = subprocess.run(
        [*command, "--region", "euc", "--platform", str(folder / "mainstem.yaml"), "--json"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return {
        "seconds": round(time.monotonic() - begun, 2),
        "spans": len(json.loads(done.stdout)),
        "read": done.stderr.strip().splitlines()[-1],
    }


def measure(folder: Path, gigabytes: float) -> dict[str, Any]:
    """Make the store and ask both questions, with the index and then without."""
    trace, hour, index_s = make_store(folder, gigabytes)
    until = hour + timedelta(hours=1)
    questions = {
        "one trace": [trace],
        "a service and an hour": [
            *("--service", "shop-frontend", "--limit", "100"),
            *("--since", f"{hour:%Y-%m-%dT%H:%M}", "--until", f"{until:%Y-%m-%dT%H:%M}"),
        ],
    }
    results = {name: {"with": ask(folder, *asked)} for name, asked in questions.items()}
    (folder / "store" / INDEX).rename(folder / "unused")
    for name, asked in questions.items():
        results[name]["without"] = ask(folder, *asked)
    index_bytes = sum(path.stat().st_size for path in (folder / "unused").rglob("*.index"))
    return {
        "gigabytes": gigabytes,
        "index_megabytes": round(index_bytes / 1e6, 1),
        "index_cpu_seconds_a_gigabyte": round(index_s / gigabytes, 2),
        "questions": results,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--gb", type=float, default=14)
    parser.add_argument("--folder", type=Path, help="where the store is made, and removed again")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        report = measure(Path(folder), arguments.gb)
    show(
        f"{report['gigabytes']:g} GB of traces; index {report['index_megabytes']} MB, "
        f"{report['index_cpu_seconds_a_gigabyte']} CPU s a GB to make",
        [
            {"question": name, "index": way, **answer}
            for name, ways in report["questions"].items()
            for way, answer in ways.items()
        ],
    )


if __name__ == "__main__":
    main()
