"""A regional collector that sends on to a central one, each a process of its own."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

from running import CONFIG, collector, get, log_request, post, stand

from mainstem.records import EntryKind, LedgerEntry
from mainstem.store import LEDGER, Account

if TYPE_CHECKING:
    from pathlib import Path


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def sending(folder: Path, port: int, exporters: str = "[blob, otlp/central]") -> list[str]:
    """A region whose logs are sent on to a port."""
    arguments = stand(folder)
    config = (
        CONFIG.replace("URL", "file:store")
        .replace(
            "exporters:\n",
            "exporters:\n"
            f"  otlp/central: {{endpoint: 'http://127.0.0.1:{port}', compression: zstd,\n"
            "    retry_on_failure: {initial_interval: 20ms, max_interval: 50ms}}\n",
            1,
        )
        .replace(
            "logs: {receivers: [otlp], processors: [redaction], exporters: [blob]}",
            f"logs: {{receivers: [otlp], processors: [redaction], exporters: {exporters}}}",
        )
    )
    (folder / "collector.yaml").write_text(config)
    return arguments


def receiving(folder: Path, port: int) -> list[str]:
    arguments = stand(folder)
    config = folder / "collector.yaml"
    config.write_text(
        config.read_text().replace(
            'grpc: {endpoint: "127.0.0.1:0"', f'grpc: {{endpoint: "127.0.0.1:{port}"'
        )
    )
    return arguments


def bodies(store: Account, container: str = "logs") -> list[str]:
    """The texts of all log records in a store."""
    logs = store.container(container)
    return [
        record["body"]["stringValue"]
        for info in logs.list()
        for line in logs.read(info.name).splitlines()
        for resource in json.loads(line)["resourceLogs"]
        for scope in resource["scopeLogs"]
        for record in scope["logRecords"]
    ]


def entries(store: Account) -> list[LedgerEntry]:
    ledger = store.container(LEDGER)
    names = [info.name for info in ledger.list() if info.name.endswith(".json")]
    return sorted((LedgerEntry.parse(ledger.read(name)) for name in names), key=lambda e: e.seq)


def test_what_is_stored_is_sent_on_too(tmp_path: Path) -> None:
    port = free_port()
    sent = [f"record {number}" for number in range(20)]
    with collector(receiving(tmp_path / "centre", port)) as centre:
        assert centre.ready
        with collector(sending(tmp_path / "region", port)) as region:
            for body in sent:
                assert post(f"{region.otlp}/v1/logs", log_request(body)) == 200
            assert region.stop() == 0
        assert centre.stop() == 0
    regional = Account.open(f"file:{tmp_path}/region/store")
    assert sorted(bodies(regional)) == sorted(sent)
    assert sorted(bodies(Account.open(f"file:{tmp_path}/centre/store"))) == sorted(sent)
    [forwarded] = [entry for entry in entries(regional) if entry.kind is EntryKind.FORWARDED]
    assert forwarded.forwarded is not None
    assert (forwarded.forwarded.exporter, forwarded.forwarded.sent) == ("otlp/central", 20)


def test_a_centre_that_is_away_is_said_and_gets_it_later(tmp_path: Path) -> None:
    port = free_port()
    arguments = sending(tmp_path / "region", port, "[otlp/central]")
    with collector(arguments) as region:
        assert post(f"{region.otlp}/v1/logs", log_request("waits")) == 200
        # Whoever is stopped does not wait for a receiver that does not answer.
        assert region.stop() == 3
    assert region.event("stopped; the next start uploads what is left")["segments"] == 1
    with collector(arguments) as region:
        warned = region.event("a receiver does not take what is sent on; it waits in the spool")
        assert (warned["exporter"], warned["reason"]) == ("otlp/central", "no connection")
        metrics = get(region.ready["metrics"])[1]
        assert 'otelcol_exporter_queue_size{exporter="otlp/central"} 1.0' in metrics
        unhealthy = wait_for_status(region.ready["health"], 503)
        assert "otlp/central: no connection" in unhealthy["reason"]
        with collector(receiving(tmp_path / "centre", port)) as centre:
            assert centre.ready
            region.event("a receiver takes what is sent on again")
            metrics = get(region.ready["metrics"])[1]
            assert 'otelcol_exporter_sent_log_records{exporter="otlp/central"} 1.0' in metrics
            assert wait_for_status(region.ready["health"], 200)
            assert region.stop() == 0
            assert centre.stop() == 0
    assert bodies(Account.open(f"file:{tmp_path}/centre/store")) == ["waits"]
    regional = Account.open(f"file:{tmp_path}/region/store")
    [segment] = [entry for entry in entries(regional) if entry.kind is EntryKind.SEGMENT]
    assert (segment.blob, segment.counts.stored) == (None, 1)


def test_a_stop_tries_at_once_what_waits_out_a_long_pause(tmp_path: Path) -> None:
    port = free_port()
    arguments = sending(tmp_path / "region", port, "[otlp/central]")
    config = tmp_path / "region" / "collector.yaml"
    text = config.read_text()
    config.write_text(text.replace("20ms, max_interval: 50ms", "10m, max_interval: 10m"))
    with collector(arguments) as region:
        assert post(f"{region.otlp}/v1/logs", log_request("waits")) == 200
        # Seals what there is, so that it is tried.
        assert region.stop() == 3
    with collector(arguments) as region:
        region.event("a receiver does not take what is sent on; it waits in the spool")
        with collector(receiving(tmp_path / "centre", port)) as centre:
            assert centre.ready
            assert region.stop() == 0
            assert centre.stop() == 0
    assert bodies(Account.open(f"file:{tmp_path}/centre/store")) == ["waits"]


def wait_for_status(url: str, status: int) -> dict[str, Any]:
    for _ in range(400):
        found, text = get(url)
        if found == status:
            return dict(json.loads(text))
    raise AssertionError(f"{url} does not answer {status}: {text}")
