"""What was planted is found and told without itself; a clean store is clean; both are recorded."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import Collector, Request, attributes, line, record
from zstandard import ZstdCompressor

from mainstem.books import last_proofs
from mainstem.config.platform import Platform, load_platform
from mainstem.errors import UsageError
from mainstem.load import load
from mainstem.records import Signal
from mainstem.replicate import replicate
from mainstem.scan import Find, Scan, Scope, scan
from mainstem.store import Account, ProofKind

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime.now(UTC).replace(minute=10, second=0, microsecond=0)
PLATFORM = """
environment: play
regions:
  euc: {store: "file:./stores/euc"}
  aus: {residency: isolated}
central: {store: "file:./stores/central"}
"""
MAIL = "grace.hopper@navy.mil"
KEY = "AKIAIOSFODNN7EXAMPLE"


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    (tmp_path / "mainstem.yaml").write_text(PLATFORM)
    return load_platform(tmp_path / "mainstem.yaml")


@pytest.fixture
def euc(platform: Platform) -> Collector:
    return Collector(Account.open("file:./stores/euc", platform.directory), "euc", now=NOW)


def plant(euc: Collector, change: dict[str, Any]) -> str:
    """Write a segment of two requests, the second with a record that is changed; gives its blob."""
    clean, dirty = euc.requests(Signal.LOGS, 1, 1)
    data = line(Signal.LOGS, [record(Signal.LOGS, NOW, 7) | change])
    return euc.segment(Signal.LOGS, [clean, Request(data, 1, dirty.digest)]).name


def searched(platform: Platform, processes: int = 1, **scope: Any) -> Scan:
    done = scan(platform, Scope(**scope), processes=processes)
    assert done.isolated == ["aus"]
    return done


def finds(done: Scan) -> list[tuple[str, str, str, int, str]]:
    return [
        (each.detector, each.store, each.container, each.line, each.path)
        for region in done.regions.values()
        for each in region.finds
    ]


def test_a_clean_platform(platform: Platform, euc: Collector) -> None:
    for signal in Signal:
        euc.segment(signal, euc.requests(signal, 3, 2))
    euc.close_hour()
    replicate(platform)
    load(platform)
    done = searched(platform)
    euc_part = done.regions["euc"]
    assert dict(euc_part.blobs) == {"centre": 1, "region": 3}
    assert (euc_part.rows, done.found) == (5, {})
    recorded = last_proofs(platform, "euc")[ProofKind.SCAN]
    assert (recorded.number, recorded.body["found"]) == (euc_part.recorded, {})
    assert recorded.body["libraries"].keys() >= {"detect-secrets", "phonenumbers"}


def test_what_is_planted_is_found_at_each_stage_and_never_told(
    platform: Platform, euc: Collector
) -> None:
    name = plant(euc, {"body": {"stringValue": f"from {MAIL} by {MAIL}"}})
    replicate(platform)
    load(platform)
    done = searched(platform)
    path = "resourceLogs[0].scopeLogs[0].logRecords[0].body.stringValue"
    assert sorted(finds(done)) == [
        ("email", "centre", "euc-logs", 1, path),
        ("email", "region", "logs", 1, path),
        ("email", "warehouse", "bronze.otel_logs", 1, "body"),
    ]
    assert done.found == {"email": 6}
    [first, *_] = done.regions["euc"].finds
    assert isinstance(first, Find)
    assert first.blob == name
    recorded = last_proofs(platform, "euc")[ProofKind.SCAN].body
    assert recorded["found"] == {"email": 6}
    assert MAIL not in json.dumps(recorded) + repr(done)


@pytest.mark.parametrize(
    ("change", "detector", "path"),
    [
        ({"eventName": f"login {KEY}"}, "aws_key", "eventName"),
        ({"attributes": attributes(**{MAIL: "x"})}, "email", "attributes[0].key"),
        ({MAIL: "x"}, "email", "{5} (key)"),
        ({"attributes": [{"key": "n", "value": {"intValue": "4111111111111111"}}]},
         "payment_card", "attributes[0].value.intValue"),
        ({"severityText": "DE89370400440532013000"}, "iban", "severityText"),
        ({"body": {"kvlistValue": {"values": attributes(phone="+49 30 901820")}}},
         "phone", "body.kvlistValue.values[0].value.stringValue"),
        ({"traceId": f"{MAIL}"}, "email", "traceId"),
        ({"severityText": "http://8.8.8.8/"}, "public_ip", "severityText"),
    ],
)  # fmt: skip
def test_every_string_is_looked_at(
    platform: Platform, euc: Collector, change: dict[str, Any], detector: str, path: str
) -> None:
    plant(euc, change)
    done = searched(platform, stores=["region"])
    at = f"resourceLogs[0].scopeLogs[0].logRecords[0]{'' if path[0] == '{' else '.'}{path}"
    assert finds(done) == [(detector, "region", "logs", 1, at)]


def test_foreign_blobs_compressed_binary_or_broken(platform: Platform, euc: Collector) -> None:
    logs = euc.account.container("logs")
    one, two = (ZstdCompressor().compress(f'{{"a": "{text}"}}\n'.encode()) for text in ("x", MAIL))
    logs.create("frames.json.zst", one + two)
    logs.create("members.json.gz", gzip.compress(b'{"a": "x"}\n') + gzip.compress(KEY.encode()))
    logs.create("binary.binpb", b"\x0a\x15" + MAIL.encode() + b"\x00\xff")
    logs.create("broken.json", b'{"a": "' + MAIL.encode())
    logs.create(f"{KEY}.json", b"{}")
    logs.create("empty.json", b"")
    done = searched(platform, stores=["region"])
    found = {(each.blob, each.detector, each.line) for each in done.regions["euc"].finds}
    assert found == {
        ("frames.json.zst", "email", 1),
        ("members.json.gz", "aws_key", 1),
        ("binary.binpb", "email", 1),
        ("broken.json", "email", 0),
        ("(a blob's name)", "aws_key", 0),
    }


def test_what_is_searched_can_be_chosen(platform: Platform, euc: Collector) -> None:
    plant(euc, {"eventName": KEY})
    assert searched(platform, stores=["region"], since=NOW + timedelta(days=1)).found == {}
    assert searched(platform, stores=["centre", "warehouse"]).found == {}
    with pytest.raises(UsageError, match="no region"):
        searched(platform, regions=["use"])
    with pytest.raises(UsageError, match="sample"):
        searched(platform, sample=0)
    for _ in range(40):
        plant(euc, {"eventName": KEY})
    some = searched(platform, stores=["region"], sample=50)
    assert 5 < some.regions["euc"].blobs.total() < 36
    assert (
        some.regions["euc"].blobs
        == searched(platform, sample=50, stores=["region"]).regions["euc"].blobs
    )
    body = last_proofs(platform, "euc")[ProofKind.SCAN].body
    assert (body["sample_percent"], body["stores"]) == (50, ["region"])


def test_several_processes_find_the_same(
    platform: Platform, euc: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(10):
        plant(euc, {"eventName": KEY})
    replicate(platform)
    load(platform)
    alone = searched(platform)
    monkeypatch.setattr("mainstem.scan.run.ALONE_BELOW_BYTES", 0)
    together = searched(platform, processes=2)
    assert sorted(finds(together)) == sorted(finds(alone))
    assert together.found == alone.found == {"aws_key": 30}


def test_a_warehouse_on_postgresql(tmp_path: Path, postgres: str) -> None:
    warehouse = f"{{address: '{postgres}', password: 'env:MAINSTEM_TEST_PASSWORD'}}"
    (tmp_path / "mainstem.yaml").write_text(f"{PLATFORM}warehouse: {warehouse}\n")
    platform = load_platform(tmp_path / "mainstem.yaml")
    plant(
        Collector(Account.open("file:./stores/euc", tmp_path), "euc", now=NOW), {"eventName": KEY}
    )
    replicate(platform)
    load(platform)
    found = finds(searched(platform, stores=["warehouse"]))
    assert found == [("aws_key", "warehouse", "bronze.otel_logs", 1, "event_name")]
    assert searched(platform, stores=["warehouse"], since=NOW + timedelta(days=1)).found == {}
