"""Pipelines and exporters become classes of segment, and each class goes to its store."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from running import collector, log_request, post

from mainstem import _core
from mainstem.books import keep_books
from mainstem.collect.classes import check_blocks, segment_classes
from mainstem.collect.plan import make_plan
from mainstem.collect.site import site_of
from mainstem.config.collector import parse_collector
from mainstem.config.platform import load_platform
from mainstem.errors import ConfigError, UsageError
from mainstem.load import load
from mainstem.records import EntryKind, LedgerEntry
from mainstem.replicate import replicate
from mainstem.store import LEDGER, Account, has_segment_id

if TYPE_CHECKING:
    from pathlib import Path

    from mainstem.collect.classes import SegmentClass
    from mainstem.collect.site import Site

CONNECTION = "AccountName=a;AccountKey=c2VjcmV0;BlobEndpoint=http://127.0.0.1:10000/a"
CONFIG = """\
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}
processors:
  redaction: {allow_all_keys: true}
  redaction/strict: {allow_all_keys: true, blocked_values: [blue]}
exporters:
  blob: {}
  blob/archive: {url: "file:archive", container: {logs: archived}}
  azureblob/tools:
    auth: {connection_string: "CONNECTION"}
    container: {logs: tools}
    blob_name_format: {logs_format: "2006/logs.json"}
    append_blob: {enabled: true}
  debug: {}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    logs: {receivers: [otlp], processors: [redaction], exporters: [EXPORTERS]}
    logs/strict: {receivers: [otlp], processors: [redaction/strict], exporters: [blob/archive]}
"""
PLATFORM = """\
environment: play
central: {store: 'file:central'}
regions: {euc: {store: 'file:store', collector: collector.yaml}}
"""


def text(exporters: str = "blob", connection: str = CONNECTION) -> str:
    return CONFIG.replace("EXPORTERS", exporters).replace("CONNECTION", connection)


def site(folder: Path, platform: str = PLATFORM) -> Site:
    (folder / "mainstem.yaml").write_text(platform)
    return site_of(load_platform(folder / "mainstem.yaml"), "euc")


def classes(folder: Path, config: str) -> list[SegmentClass]:
    return segment_classes(parse_collector(config, "c.yaml", folder, {}), site(folder))


def test_the_signal_s_class_is_that_of_the_region_s_store(tmp_path: Path) -> None:
    found = classes(tmp_path, text("azureblob/tools, blob"))
    assert [(one.name, one.container, one.separator) for one in found] == [
        ("logs", "logs", None),
        ("logs-tools", "tools", "\n"),
        ("logs-strict", "archived", None),
    ]


def test_append_blobs_alone_are_read_as_another_exporter_s(tmp_path: Path) -> None:
    found = classes(tmp_path, text("azureblob/tools"))
    assert [one.name for one in found] == ["logs-converted", "logs-strict"]
    assert found[0].is_main


def test_two_pipelines_in_one_container_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="writes logs into the container archived") as caught:
        classes(tmp_path, text("blob/archive"))
    assert "loaded as one" in str(caught.value)


def test_append_blobs_where_the_signal_s_own_are_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="would be loaded"):
        classes(
            tmp_path,
            text("blob, azureblob/tools").replace("container: {logs: tools}", "container: {}"),
        )


def test_an_append_blob_s_block_holds_what_a_request_may_leave(tmp_path: Path) -> None:
    large = text("azureblob/tools").replace(
        'http: {endpoint: "127.0.0.1:0"}',
        'http: {endpoint: "127.0.0.1:0", max_request_body_size: 100000000}',
    )
    with pytest.raises(UsageError, match="a block holds no more"):
        make_plan(parse_collector(large, "c.yaml", tmp_path, {}), site(tmp_path))


def test_the_centre_s_collector_appends_to_nothing(tmp_path: Path) -> None:
    config = parse_collector(text("azureblob/tools"), "c.yaml", tmp_path, {})
    centre = replace(site(tmp_path), origins=("use",))
    with pytest.raises(UsageError, match="not for the collector of the centre"):
        check_blocks(segment_classes(config, centre), centre, 1, 2)


def test_without_a_store_anywhere_the_exporter_has_to_name_one(tmp_path: Path) -> None:
    config = parse_collector(text(), "c.yaml", tmp_path, {})
    with pytest.raises(UsageError, match="has no url"):
        segment_classes(config, replace(site(tmp_path), store=None))


def test_a_protobuf_blob_is_loaded_as_another_exporter_s(tmp_path: Path) -> None:
    pipeline = "  pipelines: {logs: {receivers: [otlp], exporters: [blob]}}\n"
    config = text()[: text().index("  pipelines:")] + pipeline
    config = config.replace("blob: {}", "blob: {format: proto, compression: zstd}")
    (tmp_path / "collector.yaml").write_text(config)
    site(tmp_path)
    platform = load_platform(tmp_path / "mainstem.yaml")
    arguments = ["--platform", str(tmp_path / "mainstem.yaml"), "--region", "euc"]
    with collector(arguments) as running:
        for body in ("one", "two"):
            assert post(f"{running.otlp}/v1/logs", log_request(body)) == 200
        assert running.stop() == 0
    store = Account.open("file:store", tmp_path).container("logs")
    (blob,) = store.list()
    assert blob.name.endswith(".json.zst")
    assert not has_segment_id(blob.name)
    assert _core.count_blob(store.read(blob.name), "logs") == (1, 2)
    replicate(platform)
    assert [loaded.records for loaded in load(platform).signals.values()] == [2]
    books = keep_books(platform)
    assert books.problems == []
    totals = {line.record_class: line for line in books.totals}
    assert (totals["logs"].foreign, totals["logs"].loaded) == (2, 2)
    assert totals["logs-converted"].not_travelling == 2


def test_every_class_goes_to_its_store_and_the_ledger_tells_of_all(
    tmp_path: Path, azurite_account: str
) -> None:
    exporters = "blob, azureblob/tools, debug"
    (tmp_path / "collector.yaml").write_text(text(exporters, azurite_account))
    site(tmp_path)
    arguments = ["--platform", str(tmp_path / "mainstem.yaml"), "--region", "euc"]
    for body in ("blue one of a.b@example.com", "blue two of a.b@example.com"):
        with collector(arguments) as running:
            assert post(f"{running.otlp}/v1/logs", log_request(body)) == 200
            assert running.stop() == 0
            shown = running.event("records")
            assert (shown["signal"], shown["accepted"]) == ("logs", 1)
            assert "blue" not in json.dumps(running.events)

    store = Account.open("file:store", tmp_path)
    archive = Account.open("file:archive", tmp_path)
    tools = Account.open(azurite_account)
    assert len(list(store.container("logs").list())) == 2
    blobs = [
        archive.container("archived").read(b.name) for b in archive.container("archived").list()
    ]
    assert len(blobs) == 2
    assert all(b"**** one" in blob or b"**** two" in blob for blob in blobs)
    (appended,) = tools.container("tools").list()
    lines = tools.container("tools").read(appended.name).splitlines()
    bodies = [json.loads(line)["resourceLogs"][0]["scopeLogs"][0]["logRecords"] for line in lines]
    assert [records[0]["body"]["stringValue"] for records in bodies] == [
        "blue one of ****",
        "blue two of ****",
    ]
    assert list(tools.container(LEDGER).list()) == []
    ledger = store.container(LEDGER)
    entries = [
        LedgerEntry.parse(ledger.read(info.name))
        for info in ledger.list()
        if info.name.endswith(".json")
    ]
    segments = [entry for entry in entries if entry.kind is EntryKind.SEGMENT]
    assert sorted(str(entry.container_class) for entry in segments) == sorted(
        ["logs", "logs-tools", "logs-strict"] * 2
    )
    assert not list((tmp_path / "spool" / "euc" / "append").rglob("*.json"))
