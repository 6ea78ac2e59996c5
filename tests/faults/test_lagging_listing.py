"""A listing that lags behind what was written, or shows nothing: later passes take it all up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mainstem.store import LEDGER, Account

if TYPE_CHECKING:
    from deployment import Deployment
    from faulty_store import FaultyStore


def test_of_a_region_while_replicate_looks(cloud: Deployment, faulty: FaultyStore) -> None:
    """The newest entries are hidden, then one in the middle, whose place is looked at again."""
    cloud.collect(3)
    entries = [info.name for info in ledger(cloud).list() if info.name.endswith(".json")]
    faulty.hidden = lambda name: name == entries[-1]
    said = cloud.run("replicate", "--json")
    assert (said.code, said.document["regions"][0]["entries"]) == (0, len(entries) - 1)
    cloud.collect(2)
    # The one that was hidden is hidden still, and those after it are seen.
    said = cloud.run("replicate", "--json")
    assert (said.code, said.document["regions"][0]["entries"]) == (0, 2)
    assert cloud.run("load").code == 0
    faulty.heal()
    cloud.bring()
    cloud.expect_all()


def test_of_the_centre_while_load_looks(cloud: Deployment, faulty: FaultyStore) -> None:
    """An entry is enough: blobs are read by their names, whatever a listing shows."""
    names = cloud.collect(4)
    assert cloud.run("replicate").code == 0
    faulty.hidden = lambda name: name in names[2:]
    said = cloud.run("load", "--json")
    assert (said.code, said.document["signals"][0]["blobs"]) == (0, 4)
    faulty.heal()
    cloud.expect_all()


def test_that_shows_nothing_while_retain_plans(cloud: Deployment, faulty: FaultyStore) -> None:
    """Nothing goes by a listing that the ledger contradicts."""
    cloud.euc.now = datetime.now(UTC) - timedelta(days=15)
    cloud.collect(2)
    cloud.euc.now = datetime.now(UTC) - timedelta(minutes=5)
    young = cloud.collect(4)
    cloud.bring()
    faulty.hidden = lambda name: "logs_" in name
    said = cloud.run("retain", "--apply")
    assert said.code == 1
    assert "it lists no blob, and by the ledger" in said.err
    faulty.heal()
    assert cloud.run("retain", "--apply").code == 0
    logs = Account.open(cloud.store).container("logs")
    assert [info.name for info in logs.list()] == young
    cloud.expect_all()


def ledger(cloud: Deployment):
    return Account.open(str(cloud.behind)).container(LEDGER)
