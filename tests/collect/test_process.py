"""A collector as a process: start, serve, drain, refuse."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from running import MAINSTEM, Running, collector, get, log_request, post, stand

from mainstem.records import EntryKind, LedgerEntry, Signal
from mainstem.store import LEDGER, Account

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_RESIDENT_MIB = 150


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with collector(stand(tmp_path)) as started:
        yield started


def entries(account: Account) -> list[LedgerEntry]:
    ledger = account.container(LEDGER)
    names = [info.name for info in ledger.list() if info.name.endswith(".json")]
    return [LedgerEntry.parse(ledger.read(name)) for name in names]


def test_what_is_acknowledged_is_in_the_store_after_sigterm(
    running: Running, tmp_path: Path
) -> None:
    assert post(f"{running.otlp}/v1/logs", log_request("mail to a.b@example.com")) == 200
    assert running.stop() == 0
    account = Account.open(f"file:{tmp_path}/store")
    [segment] = [e for e in entries(account) if e.kind is EntryKind.SEGMENT]
    assert segment.blob is not None
    assert (segment.region, segment.environment, segment.signal) == ("euc", "play", Signal.LOGS)
    [line] = account.container("logs").read(segment.blob.name).decode().splitlines()
    [record] = json.loads(line)["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    assert record["body"] == {"stringValue": "mail to ****"}
    stopped = running.event("stopped")
    assert stopped["left_in_spool"] == 0


def test_its_own_metrics_have_the_known_names(running: Running) -> None:
    assert post(f"{running.otlp}/v1/logs", log_request("mail to a.b@example.com")) == 200
    assert post(f"{running.otlp}/v1/logs", b"{") == 400
    _, page = get(running.ready["metrics"])
    lines = page.splitlines()
    assert 'otelcol_receiver_accepted_log_records{receiver="otlp",transport="http"} 1.0' in lines
    assert 'mainstem_redactions{rule="email",signal="logs"} 1.0' in lines
    assert 'mainstem_refused_requests{reason="malformed",transport="http"} 1.0' in lines
    assert 'mainstem_acknowledgement_seconds_bucket{le="+Inf"} 1.0' in lines
    assert any(line.startswith("otelcol_exporter_queue_size{") for line in lines)
    assert any(line.startswith('otelcol_exporter_sent_spans{exporter="blob"}') for line in lines)
    assert "a.b@example.com" not in page


def test_a_second_collector_on_the_same_spool_is_refused(running: Running, tmp_path: Path) -> None:
    assert running.ready
    with collector(stand(tmp_path)) as second:
        assert second.process.wait(timeout=30) == 2
    text = "".join(str(event) for event in second.events)
    assert "does not open" in text


def test_a_spool_in_use_without_its_key_is_refused(running: Running, tmp_path: Path) -> None:
    assert running.ready
    assert running.stop() == 0
    (tmp_path / "keys" / "euc.key").unlink()
    with collector(stand(tmp_path)) as second:
        assert second.process.wait(timeout=30) == 2


def test_it_takes_little_memory_and_none_of_the_warehouse_s_libraries(running: Running) -> None:
    for number in range(10):
        assert post(f"{running.otlp}/v1/logs", log_request(str(number) * 100_000)) == 200
    status = Path(f"/proc/{running.process.pid}/status").read_text()
    [resident] = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")]
    assert int(resident) < MOST_RESIDENT_MIB * 1024
    code = (
        "import sys; from mainstem.cli import add_verbs; add_verbs(['collect']); "
        "sys.exit(bool({'pyarrow', 'duckdb', 'dbt', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


MORTAL = """\
from mainstem.cli import main
from mainstem.collect.upload import Uploader
def put(self, item):
    raise RuntimeError("https://store/?sig=hush")
Uploader._put = put
main()
"""


def test_it_does_not_go_on_without_its_uploader(tmp_path: Path) -> None:
    arguments = stand(tmp_path)
    with collector(arguments, program=[sys.executable, "-c", MORTAL]) as mortal:
        # It dies of the first entry, and a request may be taken or refused meanwhile.
        assert mortal.process.wait(timeout=40) == 3
        mortal.event("a thread died of an unexpected error")
    death = mortal.event("a thread died of an unexpected error")
    assert (death["thread"], death["error"]) == ("upload", "RuntimeError")
    assert mortal.event("stopped, the uploader died")["left_in_spool"] >= 1
    said = str(mortal.events)
    assert "error: the uploader died; 0 segments and 1 other entries are left" in said
    assert "hush" not in said
    with collector(arguments) as next_one:
        assert next_one.ready
        assert next_one.stop() == 0


HURRIED = """\
from mainstem.cli import main
from mainstem.collect import supervise
supervise.DRAIN_S = 2
main()
"""


def test_what_cannot_go_up_before_the_stop_is_said_and_goes_up_next_time(tmp_path: Path) -> None:
    arguments = stand(tmp_path)
    store = tmp_path / "store"
    with collector(arguments, program=[sys.executable, "-c", HURRIED]) as first:
        assert first.ready
        # The chain's first entry is up: nothing is being written while the store goes away.
        while not list((store / LEDGER).rglob("*.json")):
            time.sleep(0.01)
        store.rename(tmp_path / "away")
        store.write_text("no folder")
        assert post(f"{first.otlp}/v1/logs", log_request("kept")) == 200
        assert first.stop() == 3
    assert first.event("stopped; the next start uploads what is left")["segments"] == 1
    said = str(first.events)
    assert "error: 1 segments and " in said
    assert "The next start uploads them" in said
    store.unlink()
    (tmp_path / "away").rename(store)
    with collector(arguments) as second:
        assert second.ready
        assert second.stop() == 0
    logs = Account.open(f"file:{store}").container("logs")
    [blob] = logs.list()
    assert b'"kept"' in logs.read(blob.name)


def test_an_open_port_is_said(tmp_path: Path) -> None:
    arguments = stand(tmp_path)
    config = tmp_path / "collector.yaml"
    config.write_text(config.read_text().replace('"127.0.0.1:0"}}}', '"0.0.0.0:0"}}}'))
    with collector(arguments) as started:
        assert started.ready
        warnings = [event["warning"] for event in started.events if "warning" in event]
        assert any("http: OTLP is open on 0.0.0.0" in warning for warning in warnings)


def test_without_a_platform_it_stands_in_the_user_s_state_folder(tmp_path: Path) -> None:
    stand(tmp_path, f"file:{tmp_path}/store")
    environment = {"XDG_STATE_HOME": str(tmp_path / "state"), "PATH": "/usr/bin:/bin"}
    with collector(["--config", str(tmp_path / "collector.yaml")], environment) as started:
        assert started.ready["region"] == "default"
        assert started.stop() == 0
    home = tmp_path / "state" / "mainstem" / "default"
    assert (home / "region.key").stat().st_mode & 0o777 == 0o600
    assert (home / "spool" / "instance.json").exists()


def test_a_configuration_that_is_wrong_does_not_start(tmp_path: Path) -> None:
    arguments = stand(tmp_path)
    config = tmp_path / "collector.yaml"
    config.write_text(config.read_text().replace("blob:", "bolb:"))
    done = subprocess.run(
        [*MAINSTEM, "collect", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "bolb is not an exporter known here (did you mean blob?)" in done.stderr
