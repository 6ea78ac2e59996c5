"""What other exporters write is read: their own bytes, recorded (record_foreign.py)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
import zstandard

from mainstem.books import keep_books
from mainstem.config.platform import load_platform
from mainstem.load import load
from mainstem.records import Signal
from mainstem.store import Account

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PLATFORM = """
environment: play
home: aus
regions:
  aus: {residency: isolated, store: "file:./stores/aus"}
warehouse: duckdb:./warehouse.duckdb
"""
RECORDED = Path(__file__).parent / "foreign"
PLACE = "record_id, blob, line, received_at, load_id"
"""Columns that two encodings of a record differ in."""
FORMS: list[tuple[str, str, Callable[[bytes], bytes]]] = [
    ("logs_10_30_45.json_1234", "json", bytes),
    ("an-append-blob.json", "json", lambda body: body + b"\n"),
    ("logs_10_30_45.json.gz", "json", gzip.compress),
    ("logs_10_30_45.json.zst", "json", zstandard.ZstdCompressor().compress),
    ("logs_10_30_45.binpb", "proto", bytes),
]


def rows(folder: Path, blobs: Iterable[tuple[str, bytes]], signal: Signal) -> list[Any]:
    """Load blobs into a warehouse of their own, whose books must balance; gives the rows."""
    folder.mkdir()
    (folder / "mainstem.yaml").write_text(PLATFORM)
    platform = load_platform(folder / "mainstem.yaml")
    account = Account.open("file:./stores/aus", folder)
    account.ensure_container(signal.value)
    for name, content in blobs:
        account.container(signal.value).create(name, content)
    result = load(platform)
    assert not result.problems
    assert not result.failed
    assert result.signals["aus", signal.value].quarantined == 0
    assert not keep_books(platform).problems
    with duckdb.connect(str(platform.warehouse_path), read_only=True) as connection:
        return connection.execute(
            f"SELECT * EXCLUDE ({PLACE}) FROM bronze.{signal.bronze_table} ORDER BY blob, ordinal"
        ).fetchall()


def recorded(signal: Signal, encoding: str) -> bytes:
    return (RECORDED / f"contrib-{signal.value}.{encoding}").read_bytes()


@pytest.mark.parametrize("signal", list(Signal))
def test_every_form_of_a_blob_gives_the_same_rows(signal: Signal, tmp_path: Path) -> None:
    forms = []
    for number, (name, encoding, packed) in enumerate(FORMS):
        body = recorded(signal, encoding)
        if encoding == "json":
            # Or it would be the same request again.
            body = b"{" + b" " * number + body[1:]
        forms.append((f"{number}/{name}", packed(body)))
    found = rows(tmp_path / "all", forms, signal)
    first, *others = (found[at : at + 3] for at in range(0, len(found), 3))
    assert len(others) == len(FORMS) - 1
    assert all(other == first for other in others)
    text = json.dumps(first, default=str, ensure_ascii=False)
    for value in ("checkout", "päges", "9007199254740993", "AAEC"):
        assert value in text


def test_the_same_request_in_two_compressions_is_one(tmp_path: Path) -> None:
    body = recorded(Signal.LOGS, "proto")
    forms = [("a.binpb", body), ("b.binpb.gz", gzip.compress(body)), ("c.json", body + b"\n")]
    assert len(rows(tmp_path / "all", forms, Signal.LOGS)) == 3


@pytest.mark.parametrize("signal", list(Signal))
def test_what_rotel_writes_is_read(signal: Signal, tmp_path: Path) -> None:
    blob = (RECORDED / f"rotel-{signal.value}.gz").read_bytes()
    found = rows(tmp_path / "all", [("2026/rotel.binpb.gz", blob)], signal)
    # Of a histogram that it is given as JSON, rotel sends the name and no point.
    assert len(found) == (2 if signal is Signal.METRICS else 3)
    text = json.dumps(found, default=str, ensure_ascii=False)
    for value in ("checkout", "päges", "9007199254740993", "AAEC"):
        assert value in text


def test_an_append_blob_is_taken_anew_when_it_grows(tmp_path: Path) -> None:
    folder = tmp_path / "one"
    first = recorded(Signal.LOGS, "json")
    second = first.replace(b"checkout", b"invoices")
    before = rows(folder, [("logs_10.json", first + b"\n")], Signal.LOGS)
    platform = load_platform(folder / "mainstem.yaml")
    container = Account.open("file:./stores/aus", folder).container("logs")
    container.replace("logs_10.json", first + b"\n" + second + b"\n")
    found = load(platform).signals["aus", "logs"]
    assert (found.records, found.duplicate) == (6, 0)
    with duckdb.connect(str(platform.warehouse_path), read_only=True) as connection:
        after = connection.execute(
            f"SELECT * EXCLUDE ({PLACE}) FROM bronze.otel_logs ORDER BY line, ordinal"
        ).fetchall()
    assert after[:3] == before
    assert len(after) == 6


def test_fields_that_are_not_known_are_left_out(tmp_path: Path) -> None:
    """A newer sender's: at every level, with any value."""
    known = json.loads(recorded(Signal.LOGS, "json"))
    newer = json.loads(recorded(Signal.LOGS, "json"))
    resource = newer["resourceLogs"][0]
    scope = resource["scopeLogs"][0]
    for level in (newer, resource, resource["resource"], scope, scope["logRecords"][0]):
        level["notYetKnown"] = {"deep": [1, {"er": None}]}
    blobs = [("a.json", json.dumps(known).encode()), ("b.json", json.dumps(newer).encode())]
    found = rows(tmp_path / "all", blobs, Signal.LOGS)
    assert found[:3] == found[3:]
