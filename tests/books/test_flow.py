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
