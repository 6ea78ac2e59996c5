from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from running import collector, stand

from mainstem.cli import main
from mainstem.records import Signal

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Call the command line; gives its exit code."""
    monkeypatch.setattr(sys, "argv", ["mainstem", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_each_signal_is_followed_as_far_as_it_gets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    platform = ["--platform", str(tmp_path / "mainstem.yaml"), "--region", "euc"]
    # Under `store` segments seal after a second, and the OK says that they are there.
    with collector(stand(tmp_path, durability="store")) as running:
        call = ("probe", running.otlp, *platform, "--wait", "30", "--json")
        assert run(*call, monkeypatch=monkeypatch) == 0
        steps = json.loads(capsys.readouterr().out)
        states = {(step["signal"], step["stage"]): step["state"] for step in steps}
        for signal in ("traces", "logs", "metrics"):
            for stage in ("accepted", "blob", "ledger"):
                assert states[signal, stage] == "ok", (signal, stage)
        assert states["logs", "central"] == states["logs", "warehouse"] == "pending"
        assert states["traces", "warehouse"] == "skipped"

        assert run("probe", running.otlp, monkeypatch=monkeypatch) == 0
        assert "✓ logs    accepted  durable after" in capsys.readouterr().out


def test_where_all_signals_travel_each_is_followed_into_the_warehouse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = stand(tmp_path, durability="store")
    file = tmp_path / "mainstem.yaml"
    routes = "durability: store, routes: {logs: replicate, traces: replicate, metrics: replicate}"
    file.write_text(file.read_text().replace("durability: store", routes))
    with collector(arguments) as running:
        call = ("probe", running.otlp, *arguments, "--wait", "30", "--through", "--json")
        assert run(*call, monkeypatch=monkeypatch) == 0
    steps = json.loads(capsys.readouterr().out)
    stages = ("accepted", "blob", "ledger", "central", "warehouse")
    way = {(step["signal"], step["stage"]): step for step in steps}
    assert set(way) == {(signal, stage) for signal in Signal for stage in stages}
    assert {step["state"] for step in steps} == {"ok"}
    for signal in Signal:
        blob = way[signal, "blob"]["text"].partition("/")[2]
        assert way[signal, "central"]["text"] == f"euc-{signal}/{blob}"
        assert way[signal, "warehouse"]["text"] == f"bronze.{signal.bronze_table}"


def test_a_collector_that_is_not_there_may_be_later(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("probe", "http://127.0.0.1:1", monkeypatch=monkeypatch) == 3
    assert "does not answer" in capsys.readouterr().err
    assert run("probe", "grpc://127.0.0.1:4317", monkeypatch=monkeypatch) == 2
