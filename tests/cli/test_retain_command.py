"""`mainstem retain` as a person or a scheduler calls it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from builders import Collector
from typer.testing import CliRunner

from mainstem.cli import add_verbs
from mainstem.cli.app import app
from mainstem.records import Signal
from mainstem.store import Account

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

add_verbs(["retain", "load"])
PLATFORM = """
environment: play
home: aus
regions:
  aus: {residency: isolated, store: "file:./stores/aus"}
"""


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["retain", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_dry_run_apply_and_nothing_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mainstem.yaml").write_text(PLATFORM)
    aus = Collector(Account.open("file:./stores/aus", tmp_path), "aus")
    for days in (23, 0, 0):
        aus.now = datetime.now(UTC) - timedelta(days=days)
        aus.segment(Signal.LOGS, aus.requests(Signal.LOGS, 3))
    code, out, err = run()
    assert (code, "nothing was removed: run again with --apply" in out) == (1, True)
    assert "ALARM aus logs (region): 1 blobs with 3 records" in err
    assert "never loaded" in out
    code, out, _ = run("--apply", "--json")
    (store,) = json.loads(out)["stores"]
    assert (code, store["removed"], store["holdings"][0]["going"]) == (1, 1, 1)
    code, out, err = run("--apply")
    assert (code, "nothing" in err, "removed 0 objects" in out) == (0, False, True)
    code, out, _ = run("--print-rule")
    assert (code, out) == (0, "")


def test_most_of_a_store_asks_for_the_flag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mainstem.yaml").write_text(PLATFORM)
    aus = Collector(Account.open("file:./stores/aus", tmp_path), "aus")
    for days in (16, 15, 0):
        aus.now = datetime.now(UTC) - timedelta(days=days)
        aus.segment(Signal.LOGS, aus.requests(Signal.LOGS, 3))
    CliRunner().invoke(app, ["load"])
    code, out, err = run("--apply")
    assert code == 1
    assert "aus (region) stands still: 2 of its 3 blobs would go at once" in err
    assert "run again with --more-than-half" in out
    code, out, _ = run("--apply", "--more-than-half")
    assert (code, "removed 2 objects" in out) == (0, True)
