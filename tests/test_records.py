"""The ledger entries that the spool writes, read by the rest: tests/records/ is a chain of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from mainstem.records import (
    BlobRef,
    Counts,
    EntryKind,
    Forwarded,
    LedgerEntry,
    Signal,
    entry_name,
)

FOLDER = Path(__file__).parent / "records"
FILES = sorted(FOLDER.glob("*.json"))


@pytest.fixture(scope="module")
def chain() -> list[LedgerEntry]:
    return [LedgerEntry.parse(path.read_bytes()) for path in FILES]


def test_each_entry_names_the_hash_of_the_one_before(chain: list[LedgerEntry]) -> None:
    assert [entry.seq for entry in chain] == list(range(len(chain)))
    assert chain[0].previous == "0" * 64
    for before, entry in zip(FILES, chain[1:], strict=False):
        assert entry.previous == hashlib.sha256(before.read_bytes()).hexdigest()
    assert {entry.instance for entry in chain} == {"0123456789abcdef"}


def test_each_kind_of_entry_is_read(chain: list[LedgerEntry]) -> None:
    assert [entry.kind for entry in chain] == [
        EntryKind.GENESIS,
        EntryKind.SEGMENT,
        EntryKind.SEGMENT,
        EntryKind.FORWARDED,
        EntryKind.HOUR_CLOSED,
        EntryKind.HEARTBEAT,
    ]
    full, empty, sent = chain[1], chain[2], chain[3]
    assert full.signal is Signal.LOGS
    assert full.container_class == "logs"
    assert full.hour == "2026-11-24T05"
    assert full.counts == Counts(received=9, stored=4, rejected=2, duplicate=3)
    assert full.redactions == {"email": 4, "blocked_values[0]": 2}
    assert full.last_time_unix_nano is not None
    assert full.first_time_unix_nano == full.last_time_unix_nano - 1_000_000_000
    assert isinstance(full.blob, BlobRef)
    assert full.blob.lines == 2
    assert full.segment is not None
    assert full.segment in full.blob.name
    assert empty.blob is None
    assert empty.lines_sha256 is None
    assert empty.counts == Counts(received=4, dropped=4)
    assert full.forward_to == ("otlp/central",)
    assert empty.forward_to == ()
    assert sent.forwarded == Forwarded(
        segment=full.segment,
        signal=Signal.LOGS,
        container_class="logs",
        hour="2026-11-24T05",
        exporter="otlp/central",
        lines=2,
        sent=3,
        rejected=1,
        refused=0,
        abandoned=0,
    )
    assert all(entry.counts.balance == 0 for entry in chain)


def test_the_lines_have_a_digest_and_a_time_each(chain: list[LedgerEntry]) -> None:
    lines = (FOLDER / "000000000001.lines").read_bytes()
    assert hashlib.sha256(lines).hexdigest() == chain[1].lines_sha256
    assert len(lines) == 24 * 2
    assert lines[:16] == b"\x01" * 16
    received = int.from_bytes(lines[16:24], "little")
    assert received == 1_795_499_900_000_000_001


def test_a_closed_hour_repeats_its_entries_byte_for_byte(chain: list[LedgerEntry]) -> None:
    closed = chain[4]
    assert closed.hour == "2026-11-24T05"
    assert closed.entries == (chain[1], chain[2])
    text = FILES[4].read_text()
    assert all(path.read_text() in text for path in FILES[1:3])


def test_an_entry_is_named_by_its_day(chain: list[LedgerEntry]) -> None:
    assert entry_name("2026/11/24", chain[3].instance, 3) == (
        "2026/11/24/0123456789abcdef/000000000003.json"
    )


def test_what_is_no_entry_is_refused(chain: list[LedgerEntry]) -> None:
    raw = json.loads(FILES[0].read_bytes())
    raw["format"] = "mainstem.ledger/2"
    with pytest.raises(ValueError, match="not a ledger entry"):
        LedgerEntry.parse(json.dumps(raw).encode())
    assert replace(chain[0].counts, received=1).balance == 1
