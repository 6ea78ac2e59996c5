"""What a collector that was killed left goes up without starting one."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from running import MAINSTEM, collector, log_request, post, stand

if TYPE_CHECKING:
    from pathlib import Path


def drain(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    command = [*MAINSTEM, "spool", "drain", "--timeout", "3", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_what_a_killed_collector_left_goes_up(tmp_path: Path) -> None:
    arguments = stand(tmp_path)
    store = tmp_path / "store"
    with collector(arguments) as running:
        assert post(f"{running.otlp}/v1/logs", log_request("kept")) == 200
        held = drain(arguments)
        assert (held.returncode, "another process holds the spool" in held.stderr) == (2, True)
        running.kill()
    away = tmp_path / "away"
    store.rename(away)
    store.write_text("no folder")
    left = drain(arguments)
    assert (left.returncode, "are left in the spool" in left.stderr) == (3, True)
    store.unlink()
    away.rename(store)
    done = drain(arguments)
    assert done.returncode == 0
    assert "nothing is left" in done.stdout
    [blob] = (store / "logs").rglob("*.json")
    assert "kept" in blob.read_text()
