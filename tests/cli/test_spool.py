"""`mainstem spool` beside a running data plane."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from running import log_request, post, stand

from mainstem import _core
from mainstem.cli import main
from mainstem.collect.plan import make_plan
from mainstem.collect.site import site_of
from mainstem.config.collector import read_collector
from mainstem.config.platform import load_platform
from mainstem.privacy import ensure_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Call = Callable[..., tuple[int, str]]


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Path]:
    """Give a spool in use: the genesis and a segment wait, and another segment is open."""
    stand(tmp_path)
    site = site_of(load_platform(tmp_path / "mainstem.yaml"), "euc")
    plan = make_plan(read_collector(tmp_path / "collector.yaml"), site)
    ensure_key(site.key)
    site.spool.mkdir(parents=True)
    plane = _core.DataPlane(plan.core_json())
    url = f"http://127.0.0.1:{plane.start()['otlp']['http']}/v1/logs"
    assert post(url, log_request("one")) == 200
    plane.seal()
    assert post(url, log_request("two")) == 200
    yield site.spool
    plane.close()


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Call the command line; gives exit code and output."""

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["mainstem", "spool", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), capsys.readouterr().out

    return run


def test_what_is_open_and_what_waits_is_listed(spool: Path, call: Call, tmp_path: Path) -> None:
    code, out = call("ls", str(spool), "--json")
    assert code == 0
    listed = json.loads(out)
    assert [(held["place"], held["kind"], held["lines"]) for held in listed] == [
        ("waiting", "genesis", 0),
        ("waiting", "segment", 1),
        ("open", "segment", 1),
    ]
    assert all(held["age_s"] >= 0 for held in listed)
    by_region = call("ls", "--platform", str(tmp_path / "mainstem.yaml"), "--region", "euc")
    assert by_region[0] == 0
    assert listed[1]["segment"] in by_region[1]


def test_a_spool_in_use_is_whole_until_a_byte_changes(spool: Path, call: Call) -> None:
    code, out = call("verify", str(spool), "--json")
    assert (code, json.loads(out)["faults"]) == (0, [])
    assert json.loads(out)["segments"] == 2
    segment = spool / "outbox" / "000000000001.seg"
    data = bytearray(segment.read_bytes())
    data[-1] ^= 1
    segment.write_bytes(data)
    code, out = call("verify", str(spool))
    assert code == 1
    assert "✗ outbox/000000000001.seg has a broken commit" in out


def test_another_folder_is_no_spool(call: Call, tmp_path: Path) -> None:
    assert call("ls", str(tmp_path))[0] == 2
