"""The store is busy, silent, or dies in the middle, while each stage uses it.

`spared` calls go well first, so that a fault falls into the middle of a stage.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
import structlog
from centre import STORED, running
from faulty_store import Call, Failure
from running import log_request, post

from mainstem.collect import upload
from mainstem.collect.site import site_of
from mainstem.store import LEDGER, Account, account

if TYPE_CHECKING:
    from deployment import Deployment, Said
    from faulty_store import FaultyStore

OFTEN = (Failure.BUSY, Failure.CUT)
FAILURES = [
    pytest.param(each, marks=() if each in OFTEN else pytest.mark.prove) for each in Failure
]
SAID = {Failure.BUSY: "HTTP 503", Failure.SILENT: "no answer"}
UPLOAD_FAILED = "upload failed, it will be tried again"
PATIENCE_S = 60


def struck(
    cloud: Deployment,
    faulty: FaultyStore,
    fault: tuple[Failure, Call, str, int],
    *arguments: str,
) -> Said:
    """Call a command whose store fails meanwhile, and mend the store."""
    failure, call, name, spared = fault
    meant = faulty.fail(failure, call, name=name, spared=spared)
    with patience(failure):
        said = cloud.run(*arguments)
    assert meant.failed, fault
    faulty.heal()
    return said


def patience(failure: Failure) -> ExitStack:
    """Wait for a silent store for a second, and not for a minute; try again once."""
    seconds = 1 if failure is Failure.SILENT else 60
    waits = ExitStack()
    waits.enter_context(patch.dict(account._CLIENT, timeout=timedelta(seconds=seconds)))
    waits.enter_context(patch.dict(account._RETRY, max_retries=1))
    return waits


def expect_told(said: Said, failure: Failure) -> None:
    """A command that a fault stopped says which store, what it did, and to come again."""
    assert said.code == 3, said.err
    assert "az://account" in said.err
    assert "A retry may help" in said.err
    assert SAID.get(failure, "no ") in said.err
    assert "127.0.0.1" not in said.err, "no address, which may hold a signature"


@pytest.mark.parametrize("failure", FAILURES)
def test_while_a_collector_uploads(
    cloud: Deployment, faulty: FaultyStore, failure: Failure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "FIRST_PAUSE_S", 0.05)
    config = cloud.directory / "collector.yaml"
    config.write_text(STORED)
    store = Account.open(str(cloud.behind))
    for container in ("logs", LEDGER):
        store.ensure_container(container)
    with patience(failure), running(config, site_of(cloud.platform, "euc")) as region:
        for number in range(2):
            # The blob's `.lines` go up, and the blob does not.
            faulty.fail(failure, Call.WRITE, name="/logs/")
            with structlog.testing.capture_logs() as events:
                body = log_request(f"record {number}")
                assert post(f"http://127.0.0.1:{region.ports['http']}/v1/logs", body) == 200
                region.plane.seal()
                deadline = time.monotonic() + PATIENCE_S
                while not (told := [each for each in events if each["event"] == UPLOAD_FAILED]):
                    assert time.monotonic() < deadline, events
                    time.sleep(0.01)
                faulty.heal()
                assert region.uploaders[0].drained(PATIENCE_S)
            assert SAID.get(failure, "no ") in told[0]["reason"]
            assert "az://account" in told[0]["reason"]
            assert told[0]["hint"]
    cloud.records = 2
    assert len(list(store.container("logs").list())) == 2
    assert list(store.container(LEDGER).list())
    cloud.bring()
    cloud.expect_all()


@pytest.mark.parametrize("failure", FAILURES)
def test_while_replicate_copies(cloud: Deployment, faulty: FaultyStore, failure: Failure) -> None:
    for call, name, spared in (
        (Call.LIST, "/ledger", 1),
        (Call.READ, "/logs/", 2),
        (Call.WRITE, "/euc-logs/", 2),
        (Call.WRITE, "/replication/", 0),
    ):
        cloud.collect(4)
        said = struck(cloud, faulty, (failure, call, name, spared), "replicate")
        if not (failure is Failure.UNCONFIRMED and call is Call.WRITE and said.code == 0):
            expect_told(said, failure)
        cloud.expect_balance()
    cloud.bring()
    cloud.expect_all()


@pytest.mark.parametrize("failure", FAILURES)
def test_while_load_reads(cloud: Deployment, faulty: FaultyStore, failure: Failure) -> None:
    for call, name, spared in (
        (Call.LIST, "/euc-ledger", 1),
        (Call.READ, "/euc-ledger/", 2),
        (Call.READ, "/euc-logs/", 2),
    ):
        cloud.collect(4)
        assert cloud.run("replicate").code == 0
        expect_told(struck(cloud, faulty, (failure, call, name, spared), "load"), failure)
        cloud.expect_balance()
    cloud.bring()
    cloud.expect_all()


@pytest.mark.parametrize("failure", FAILURES)
def test_while_retain_removes(cloud: Deployment, faulty: FaultyStore, failure: Failure) -> None:
    cloud.euc.now = datetime.now(UTC) - timedelta(days=15)
    old = set(cloud.collect(4))
    cloud.euc.now = datetime.now(UTC) - timedelta(minutes=5)
    young = cloud.collect(6)
    cloud.bring()
    for call, name, spared in (
        (Call.LIST, "/logs", 0),
        (Call.WRITE, "/retention/", 0),
        (Call.REMOVE, "", 2),
    ):
        said = struck(cloud, faulty, (failure, call, name, spared), "retain", "--apply")
        assert (said.code, "az://account" in said.err) == (3, True), said.err
        cloud.expect_balance()
    said = cloud.run("retain", "--apply")
    assert said.code == 0, said.err
    for address, container in ((cloud.store, "logs"), (cloud.central, "euc-logs")):
        left = {info.name for info in Account.open(address).container(container).list()}
        assert left == set(young), left & old
    cloud.expect_all()


@pytest.mark.parametrize("failure", FAILURES)
def test_while_backup_writes(cloud: Deployment, faulty: FaultyStore, failure: Failure) -> None:
    cloud.collect(4)
    cloud.bring()
    writing, reading = (
        (failure, Call.WRITE, "/backup/", 3),
        (failure, Call.READ, "/backup/", 3),
    )
    expect_told(struck(cloud, faulty, writing, "backup", "--to", cloud.central), failure)
    said = cloud.run("restore", "--list", "--from", cloud.central)
    assert "no backup" in said.out + said.err, "one that never ended is none"
    assert cloud.run("backup", "--to", cloud.central).code == 0
    cloud.platform.warehouse_path.unlink()
    expect_told(struck(cloud, faulty, reading, "restore", "--from", cloud.central), failure)
    assert not cloud.platform.warehouse_path.exists(), "whole or not at all"
    assert cloud.run("restore", "--from", cloud.central).code == 0
    cloud.expect_all()
