"""Heads that another administrator holds show what was cut off before anybody loaded it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from builders import Collector

from mainstem.books import Breach, verify, write_heads
from mainstem.config.platform import Platform, load_platform
from mainstem.errors import DataError
from mainstem.records import Signal
from mainstem.store import LEDGER, Account

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime.now(UTC).replace(minute=10, second=0, microsecond=0)
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
def store(platform: Platform) -> Account:
    return Account.open("file:./stores/euc", platform.directory)


@pytest.fixture
def witness(platform: Platform) -> Account:
    return Account.open("file:./auditor", platform.directory)


@pytest.fixture
def euc(store: Account) -> Collector:
    """Write two segments, which nobody loads."""
    collector = Collector(store, "euc", now=NOW)
    for _ in range(2):
        collector.segment(Signal.LOGS, collector.requests(Signal.LOGS, 2))
    return collector


def test_heads_are_of_every_chain_and_fit_while_nothing_was_done(
    platform: Platform, euc: Collector, witness: Account
) -> None:
    done = write_heads(platform, witness)
    assert [(head.instance, head.seq) for head in done.heads["euc"]] == [(euc.instance, 2)]
    assert done.isolated == ["aus"]
    euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 2))
    write_heads(platform, witness)
    found = verify(platform, witness)
    assert found.findings == []
    assert found.witnessed["euc"] is not None
    assert verify(platform).witnessed == {}


def test_a_chain_that_was_cut_before_any_load(
    platform: Platform, euc: Collector, store: Account, witness: Account
) -> None:
    last = euc.segment(Signal.LOGS, euc.requests(Signal.LOGS, 2))
    write_heads(platform, witness)
    store.container(LEDGER).remove(last.entry)
    store.container("logs").remove(last.name)
    assert verify(platform).consistent, "nothing here tells"
    (finding,) = verify(platform, witness).findings
    assert (finding.breach, finding.detail) == (Breach.CHAIN_CUT, "entry 3 is gone")


@pytest.mark.usefixtures("euc")
def test_an_instance_that_was_dropped_whole(
    platform: Platform, store: Account, witness: Account
) -> None:
    write_heads(platform, witness)
    for container in (LEDGER, "logs"):
        for info in list(store.container(container).list()):
            store.container(container).remove(info.name)
    assert verify(platform).consistent, "nothing here tells"
    (finding,) = verify(platform, witness).findings
    assert finding.breach is Breach.INSTANCE_REMOVED


def test_a_chain_that_was_written_anew(
    platform: Platform, euc: Collector, store: Account, witness: Account
) -> None:
    write_heads(platform, witness)
    ledger = store.container(LEDGER)
    for info in list(ledger.list()):
        ledger.remove(info.name)
    anew = Collector(store, "euc", euc.instance, now=NOW)
    for _ in range(2):
        anew.segment(Signal.METRICS, anew.requests(Signal.METRICS, 1))
    breaches = {finding.breach for finding in verify(platform, witness).findings}
    assert breaches == {Breach.ENTRY_REWRITTEN}


@pytest.mark.usefixtures("euc")
def test_what_is_no_head_is_named(platform: Platform, witness: Account) -> None:
    witness.container("heads").create("euc/20260101T000000000000Z.json", b'{"format": "other"}')
    with pytest.raises(DataError, match="heads/euc/20260101T000000000000Z"):
        verify(platform, witness)
