"""Memory while a blob is loaded does not grow with the blob."""

from __future__ import annotations

import gzip
import hashlib
import json
import struct
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import IO, TYPE_CHECKING, Any

import duckdb
import pytest
import zstandard
from builders import Collector, Request, nanos

from mainstem.config.platform import Platform, load_platform
from mainstem.load import fetch, load
from mainstem.records import Signal, entry_name
from mainstem.store import LEDGER, Account, Container, lines_name
from mainstem.warehouse.tables import COUNTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MB = 1_000_000
NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
PLATFORM = """
environment: play
home: aus
regions:
  aus: {residency: isolated, store: "file:./stores/aus"}
warehouse: duckdb:./warehouse.duckdb
"""
LOAD = """
import json, resource
from pathlib import Path
from mainstem.config.platform import load_platform
from mainstem.load import load

result = load(load_platform(Path("mainstem.yaml")))
assert not result.failed and not result.problems, result
(found,) = result.signals.values()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"records": found.records, "peak_mb": peak * 1024 / 1e6}))
"""
IN_LINE = 25


def lines(size: int) -> Iterator[bytes]:
    """Lines of some `size` bytes in all, of which none is like another."""
    template = Request.of(Signal.LOGS, NOW, IN_LINE, 10_000_000).data
    made = number = 0
    while made < size:
        text = template.replace(b'"log 100000', b'"log %08d-' % number) + b"\n"
        number += 1
        made += len(text)
        yield text


def write_foreign(folder: Path, name: str, size: int) -> int:
    """Write a foreign blob whose lines have `size` bytes; gives its records."""
    openers: dict[str, Callable[[IO[bytes]], Any]] = {
        ".gz": lambda raw: gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=1),
        ".zst": lambda raw: zstandard.ZstdCompressor(1).stream_writer(raw, closefd=False),
    }
    container = folder / "stores" / "aus" / "logs"
    container.mkdir(parents=True, exist_ok=True)
    records = 0
    with (container / name).open("wb") as raw:
        opener = next((openers[end] for end in openers if name.endswith(end)), None)
        into = opener(raw) if opener else raw
        for text in lines(size):
            into.write(text)
            records += IN_LINE
        if opener:
            into.close()
    return records


def write_own(folder: Path, size: int) -> int:
    """Write a segment of ours whose blob has `size` bytes; gives its records."""
    collector = Collector(Account.open("file:./stores/aus", folder), "aus", now=NOW)
    segment = hashlib.sha256(b"big").hexdigest()[:16]
    name = NOW.strftime(f"%Y/%m/%d/logs_%H_%M_%S_{segment}.json")
    path = folder / "stores" / "aus" / "logs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, count, beside, length = hashlib.sha256(), 0, [], 0
    with path.open("wb") as into:
        for text in lines(size):
            into.write(text)
            digest.update(text)
            beside.append(hashlib.sha256(text).digest()[:16] + struct.pack("<Q", nanos(NOW)))
            count += IN_LINE
            length += len(text)
    counts = dict.fromkeys(COUNTS, 0)
    entry = entry_name(NOW.strftime("%Y/%m/%d"), collector.instance, collector.seq)
    collector.account.container(LEDGER).create(lines_name(entry), b"".join(beside))
    collector.write_entry(
        "segment",
        segment=segment,
        signal="logs",
        **{"class": "logs"},
        hour=NOW.strftime("%Y-%m-%dT%H"),
        policy="0" * 16,
        blob={
            "container": "logs",
            "name": name,
            "bytes": length,
            "sha256": digest.hexdigest(),
            "compression": "none",
            "lines": len(beside),
        },
        lines_sha256=hashlib.sha256(b"".join(beside)).hexdigest(),
        counts=counts | {"received": count, "stored": count},
        redactions={},
        first_time_unix_nano=str(nanos(NOW)),
        last_time_unix_nano=str(nanos(NOW)),
    )
    return count


def peak_mb(folder: Path, records: int) -> float:
    """Load in a process of its own; gives the most memory that it had."""
    done = subprocess.run(
        [sys.executable, "-c", LOAD],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["records"] == records
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        assert connection.execute(
            "SELECT count(*), count(DISTINCT record_id) FROM bronze.otel_logs"
        ).fetchall() == [(records, records)]
    return float(told["peak_mb"])


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """A platform whose blobs are all too big to be held."""
    monkeypatch.setattr(fetch, "WHOLE", 100)
    monkeypatch.setattr(fetch, "PIECE", 1000)
    (tmp_path / "mainstem.yaml").write_text(PLATFORM)
    return load_platform(tmp_path / "mainstem.yaml")


def test_big_blobs_are_read_in_pieces(platform: Platform) -> None:
    folder = platform.directory
    own = write_own(folder, 20_000)
    packed = write_foreign(folder, "all.json.gz", 20_000)
    result = load(platform)
    assert not result.problems
    assert result.signals["aus", "logs"].records == own + packed
    assert load(platform).nothing_new
    path = folder / "stores" / "aus" / "logs" / "all.json.gz"
    path.write_bytes(path.read_bytes())
    assert load(platform).nothing_new, "by its content"


def test_a_big_blob_of_ours_is_known_before_a_row_of_it_is_made(platform: Platform) -> None:
    write_own(platform.directory, 20_000)
    (blob,) = (platform.directory / "stores" / "aus" / "logs").rglob("*.json")
    blob.write_bytes(blob.read_bytes().replace(b"contoso", b"contosa", 1))
    result = load(platform)
    assert result.signals["aus", "logs"].records == 0
    assert len(result.problems) == 1


def test_a_big_blob_that_is_replaced_while_it_is_read_waits(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = platform.directory
    records = write_foreign(folder, "all.json", 20_000)
    path = folder / "stores" / "aus" / "logs" / "all.json"
    read_range, whole = Container.read_range, path.read_bytes()

    def replaced(self: Container, name: str, start: int, length: int) -> bytes:
        if start == 5_000:
            path.write_bytes(whole.replace(b"contoso", b"contosa"))
        return read_range(self, name, start, length)

    monkeypatch.setattr(Container, "read_range", replaced)
    assert load(platform).load_id is None
    monkeypatch.setattr(Container, "read_range", read_range)
    assert load(platform).signals["aus", "logs"].records == records


def test_a_big_blob_that_grows_while_it_is_read_is_taken_as_it_was(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = platform.directory
    records = write_foreign(folder, "all.json", 20_000)
    path = folder / "stores" / "aus" / "logs" / "all.json"
    read_range = Container.read_range
    more = Request.of(Signal.LOGS, NOW, 3).data + b"\n"

    def grown(self: Container, name: str, start: int, length: int) -> bytes:
        if start == 5_000 and more not in path.read_bytes():
            with path.open("ab") as into:
                into.write(more)
        return read_range(self, name, start, length)

    monkeypatch.setattr(Container, "read_range", grown)
    assert load(platform).signals["aus", "logs"].records == records
    assert load(platform).signals["aus", "logs"].records == records + 3, "in place of the first"
    assert load(platform).nothing_new


@pytest.mark.prove
@pytest.mark.parametrize("name", ["ours", "plain.json", "all.json.gz", "all.json.zst"])
def test_two_gigabytes_load_in_less_than_one(
    name: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    (tmp_path / "mainstem.yaml").write_text(PLATFORM)
    size = 2_000 * MB
    records = write_own(tmp_path, size) if name == "ours" else write_foreign(tmp_path, name, size)
    peak = peak_mb(tmp_path, records)
    record_property("peak_mb", peak)
    print(f"{name}: {records} records, {peak:.0f} MB resident at most")
    assert peak < 1_000
