"""What is answered for, per region and day."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import NOON, Collector, attributes, line, record
from typer.testing import CliRunner

from mainstem.books import attest
from mainstem.cli import add_verbs
from mainstem.cli.app import app
from mainstem.config.platform import Platform, load_platform
from mainstem.load import load
from mainstem.records import Signal
from mainstem.replicate import replicate
from mainstem.store import Account

if TYPE_CHECKING:
    from pathlib import Path

add_verbs([])
NOW = datetime.now(UTC).replace(hour=10, minute=10, second=0, microsecond=0) - timedelta(days=2)
PLATFORM = """
environment: play
regions:
  euc: {store: "file:./stores/euc"}
  aus: {residency: isolated}
central: {store: "file:./stores/central"}
"""


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    (tmp_path / "mainstem.yaml").write_text(PLATFORM)
    return load_platform(tmp_path / "mainstem.yaml")


@pytest.fixture
def euc(platform: Platform) -> Collector:
    """Two days under one policy and half a day under another, replicated and loaded."""
    store = Account.open("file:./stores/euc", platform.directory)
    collector = Collector(store, "euc", now=NOW)
    for days, policy in ((0, "a" * 16), (1, "a" * 16), (1, "b" * 16)):
        collector.now = NOW + timedelta(days=days, hours=len(set(policy) & {"b"}))
        collector.policy = policy
        for signal in (Signal.LOGS, Signal.TRACES):
            collector.segment(signal, collector.requests(signal, 3, 2))
    replicate(platform)
    load(platform)
    return collector


def run(platform: Platform, *arguments: str) -> tuple[int, str]:
    path = str(platform.directory / "mainstem.yaml")
    done = CliRunner().invoke(app, [*arguments, "--platform", path])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return done.exit_code, done.stdout


@pytest.mark.usefixtures("euc")
def test_each_day_has_its_policies_and_what_they_masked(platform: Platform) -> None:
    found = attest(platform, 14)
    assert found.isolated == ["aus"]
    (region,) = found.regions
    assert [(day.day, day.stored, day.all_passed) for day in region.days] == [
        (f"{NOW:%Y-%m-%d}", 10, True),
        (f"{NOW + timedelta(days=1):%Y-%m-%d}", 20, True),
    ]
    uses = [(use.policy[0], use.stored, use.masked) for use in region.days[1].policies]
    assert uses == [("a", 10, {"email": 2}), ("b", 10, {"email": 2})]
    over = [(use.policy[0], use.stored, use.masked, use.first.day) for use in region.policies]
    assert over == [
        ("a", 20, {"email": 4}, NOW.day),
        ("b", 10, {"email": 2}, (NOW + timedelta(days=1)).day),
    ]
    assert (region.verified, region.scanned) == (None, [])
    assert [day.day for day in attest(platform, 1).regions[0].days] == [region.days[1].day]


def test_what_another_exporter_wrote_passed_no_policy(platform: Platform, euc: Collector) -> None:
    data = line(Signal.LOGS, [record(Signal.LOGS, NOON, 1)])
    euc.account.container("logs").create("contrib/logs.json", data)
    replicate(platform)
    load(platform)
    day = attest(platform, 14).regions[0].days[-1]
    assert (day.stored - day.passed, day.all_passed) == (1, False)
    code, text = run(platform, "books", "--evidence")
    assert code == 1
    assert "1 of 1 records passed no policy that is known" in text


@pytest.mark.usefixtures("euc")
def test_it_tells_of_the_last_verification_and_scan(platform: Platform) -> None:
    assert "never verified" in run(platform, "books", "--evidence")[1]
    assert run(platform, "books", "--verify")[0] == 0
    assert run(platform, "scan")[0] == 0
    code, text = run(platform, "books", "--evidence")
    assert code == 0
    for told in (
        "verified",
        "UTC: consistent",
        "warehouse scanned",
        "by an independent library: nothing found",
        f"policy {'b' * 16} ran from",
        "email 2",
    ):
        assert told in text
    assert "independent library" in run(platform, "books")[1]
    document = json.loads(run(platform, "books", "--evidence", "--json")[1])
    (region,) = document["regions"]
    assert region["days"][0]["policies"][0]["masked"] == {"email": 2}
    assert {scan["store"]: scan["found"] for scan in region["scanned"]} == {
        "region": {},
        "centre": {},
        "warehouse": {},
    }


def test_a_scan_that_found_something_says_in_which_store(
    platform: Platform, euc: Collector
) -> None:
    leaked = record(Signal.TRACES, NOW, 9) | {"attributes": attributes(key="AKIAIOSFODNN7EXAMPLE")}
    euc.account.container("traces").create("other.json", line(Signal.TRACES, [leaked]))
    code, text = run(platform, "scan", "--json")
    assert code == 1
    document: dict[str, Any] = json.loads(text)
    assert document["found"] == document["regions"][0]["found"] == {"aws_key": 1}
    assert document["regions"][0]["finds"][0]["blob"] == "other.json"
    assert "AKIA" not in text + run(platform, "scan")[1]
    scans = attest(platform, 1).regions[0].scanned
    assert {scan.store: scan.found for scan in scans} == {
        "region": {"aws_key": 1},
        "centre": {},
        "warehouse": {},
    }


def test_the_three_ways_exclude_each_other(platform: Platform) -> None:
    path = str(platform.directory / "mainstem.yaml")
    for arguments in (["--verify", "--evidence"], ["--payload"]):
        done = CliRunner().invoke(app, ["books", *arguments, "--platform", path])
        assert "go" in str(done.exception) or "three things" in str(done.exception)
