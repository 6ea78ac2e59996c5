"""From a real collector's port to the books, by the commands that a user runs."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from builders import NOON, Request
from running import MAINSTEM, collector, post, stand

from mainstem.records import Signal

if TYPE_CHECKING:
    from pathlib import Path


def run(folder: Path, *arguments: str, expected: int = 0) -> str:
    done = subprocess.run(
        [*MAINSTEM, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == expected, done.stdout + done.stderr
    return done.stdout


def run_json(folder: Path, *arguments: str) -> Any:
    return json.loads(run(folder, *arguments, "--json"))


def test_what_a_collector_took_is_in_the_warehouse_once(tmp_path: Path) -> None:
    arguments = stand(tmp_path)
    sent = {signal: Request.of(signal, NOON, 5) for signal in Signal}
    with collector(arguments) as running:
        for signal, request in sent.items():
            assert post(f"{running.otlp}/v1/{signal}", request.data) == 200
        assert post(f"{running.otlp}/v1/logs", sent[Signal.LOGS].data) == 200, "sent again"
        assert running.stop() == 0
    with collector(arguments) as running:
        extra = Request.of(Signal.LOGS, NOON, 7, first=100)
        assert post(f"{running.otlp}/v1/logs", extra.data) == 200
        assert running.stop() == 0

    assert run_json(tmp_path, "status")["regions"][0]["to_travel"] == [2, 12]
    replicated = run_json(tmp_path, "replicate")
    assert replicated["regions"][0]["signals"]["logs"]["blobs"] == 2
    loaded = run_json(tmp_path, "load")
    assert [(s["signal"], s["records"]) for s in loaded["signals"]] == [("logs", 12)]
    books = run_json(tmp_path, "books", "--recount")
    assert (books["balanced"], books["problems"]) == (True, [])
    totals = {line["signal"]: line for line in books["totals"]}
    assert totals["logs"]["counts"]["received"] == 17
    assert totals["logs"]["counts"]["duplicate"] == 5
    assert totals["logs"]["loaded"] == 12
    assert totals["traces"]["not_travelling"] == 5
    assert totals["metrics"]["not_travelling"] == 5

    for verb in ("replicate", "load"):
        assert "nothing new" in run(tmp_path, verb)
    assert "the books balance" in run(tmp_path, "books")
    assert "the books balance" in run(tmp_path, "books", "--hours")
    assert "last load: 1" in run(tmp_path, "status")


ROUTES = (
    "routes: {logs: {route: replicate, local: [{event_name: ['session.*']}], "
    "regional_keys: [host.name]}}"
)


def events(*names: str) -> bytes:
    """A request with an event of each name, of one resource."""
    resource = {"attributes": [{"key": "host.name", "value": {"stringValue": "frankfurt-7"}}]}
    records = [{"eventName": name, "timeUnixNano": "1764000000000000000"} for name in names]
    logs = {"resource": resource, "scopeLogs": [{"logRecords": records}]}
    return json.dumps({"resourceLogs": [logs]}).encode()


def test_what_a_rule_keeps_stays_and_the_books_balance_by_class(tmp_path: Path) -> None:
    arguments = stand(tmp_path)
    file = tmp_path / "mainstem.yaml"
    text = file.read_text()
    file.write_text(text.replace("durability: disk", f"durability: disk, {ROUTES}"))
    with collector(arguments) as running:
        body = events("feature.used", "session.start", "session.end")
        for _ in range(2):
            assert post(f"{running.otlp}/v1/logs", body) == 200
        assert running.stop() == 0
    run(tmp_path, "replicate")
    assert [(s["signal"], s["records"]) for s in run_json(tmp_path, "load")["signals"]] == [
        ("logs", 1)
    ]
    books = run_json(tmp_path, "books", "--recount")
    assert (books["balanced"], books["problems"]) == (True, [])
    totals = {line["record_class"]: line for line in books["totals"]}
    assert (totals["logs"]["counts"]["received"], totals["logs"]["loaded"]) == (2, 1)
    kept = totals["logs-local"]
    assert (kept["counts"]["received"], kept["counts"]["stored"]) == (4, 2)
    assert (kept["not_travelling"], kept["counts"]["duplicate"]) == (2, 2)
    assert "logs-local" in run(tmp_path, "books")

    centre = [path for path in (tmp_path / "central").rglob("*") if path.is_file()]
    assert centre
    for path in centre:
        content = path.read_bytes()
        assert b"session." not in content
        assert b"frankfurt" not in content
    (local,) = (tmp_path / "store" / "logs-local").rglob("*.json")
    assert b"frankfurt-7" in local.read_bytes(), "what stays is whole"
