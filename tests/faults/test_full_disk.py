"""A disk is full, at each stage: it is said, nothing is lost, and with room it goes on."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from deployment import Deployment
from running import collector, get, log_request, post, stand

from mainstem.model.published import current_build

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Disk
    from deployment import Said

PATIENCE_S = 60
FULL = "disk is full"
A_FEW_FILES = 96 << 10


def expect_told(said: Said) -> None:
    assert said.code == 3, said
    assert FULL in said.err
    assert "room" in said.err
    assert "Traceback" not in said.err


def test_under_a_collector(small_disk: Disk, tmp_path: Path) -> None:
    """It refuses senders and says so in health; with room it takes again, and kept its promises."""
    arguments = stand(small_disk.path, url=f"file:{tmp_path}/store")
    number = 0
    acknowledged = []

    def send() -> int:
        nonlocal number
        number += 1
        status = post(f"{running.otlp}/v1/logs", log_request(f"record {number}"))
        if status == 200:
            acknowledged.append(f'"record {number}"')
        return status

    def until(status: int, address: str) -> str:
        deadline = time.monotonic() + PATIENCE_S
        while (found := get(address))[0] != status:
            assert time.monotonic() < deadline, found
            send()
        return found[1]

    with collector(arguments) as running:
        health = running.ready["health"]
        assert send() == 200
        small_disk.fill()
        assert "its disk is full, nothing is taken" in until(503, health)
        assert get(f"{health}live")[0] == 200, "it needs no restart"
        assert send() == 503
        small_disk.make_room()
        until(200, health)
        assert send() == 200
        assert running.stop() == 0
        assert running.event("stopped")["left_in_spool"] == 0
    stored = "".join(p.read_text() for p in (tmp_path / "store" / "logs").rglob("*.json"))
    assert [body for body in acknowledged if stored.count(body) != 1] == []


def test_of_the_store_that_a_collector_uploads_to(small_disk: Disk, tmp_path: Path) -> None:
    arguments = stand(tmp_path / "site", url=f"file:{small_disk.path}/store")
    sent = [f"record {number}" for number in range(3)]
    with collector(arguments) as running:
        for body in sent:
            assert post(f"{running.otlp}/v1/logs", log_request(body)) == 200
        running.kill()
    small_disk.fill()
    with collector(arguments) as running:
        told = running.event("upload failed, it will be tried again")
        assert FULL in told["reason"]
        running.kill()
    small_disk.make_room()
    with collector(arguments) as running:
        assert running.ready
        assert running.stop() == 0
        assert running.event("stopped")["left_in_spool"] == 0
    stored = "".join(p.read_text() for p in (small_disk.path / "store/logs").rglob("*.json"))
    assert all(stored.count(f'"{body}"') == 1 for body in sent)


def test_of_the_centre_while_replicate_copies(small_disk: Disk, tmp_path: Path) -> None:
    local = Deployment(tmp_path, central=f"file:{small_disk.path}/central")
    local.collect(40)
    small_disk.fill(left=A_FEW_FILES)
    expect_told(local.run("replicate"))
    local.expect_balance()
    small_disk.make_room()
    local.bring()
    local.expect_all()


def test_of_the_warehouse_while_load_writes(small_disk: Disk, tmp_path: Path) -> None:
    local = Deployment(tmp_path, warehouse=f"{small_disk.path}/warehouse.duckdb")
    local.collect(4)
    local.bring()
    local.collect(20, requests=80)
    assert local.run("replicate").code == 0
    small_disk.fill(left=A_FEW_FILES)
    expect_told(local.run("load"))
    small_disk.make_room()
    local.expect_balance()
    local.bring()
    local.expect_all()


def test_of_the_warehouse_while_dbt_builds(small_disk: Disk, tmp_path: Path) -> None:
    local = Deployment(tmp_path, warehouse=f"{small_disk.path}/warehouse.duckdb")
    local.collect(4)
    local.bring()
    small_disk.fill()
    expect_told(local.run("build"))
    assert current_build(local.platform.published) is None
    small_disk.make_room()
    local.expect_all()


@pytest.mark.prove
def test_of_what_a_build_publishes(small_disk: Disk, tmp_path: Path) -> None:
    local = Deployment(tmp_path)
    with (tmp_path / "mainstem.yaml").open("a") as platform:
        platform.write(f"published: {small_disk.path}/published\n")
    local.collect(4)
    local.bring()
    assert local.run("build").code == 0
    before = current_build(local.platform.published)
    local.collect(4)
    local.bring()
    small_disk.fill()
    expect_told(local.run("build"))
    assert current_build(local.platform.published) == before, "answers read the build before"
    small_disk.make_room()
    assert local.run("build").code == 0
    assert current_build(local.platform.published) != before


def test_of_the_store_while_retain_records_what_goes(small_disk: Disk, tmp_path: Path) -> None:
    """What goes is written down first; where that has no room, nothing goes."""
    local = Deployment(tmp_path, store=f"file:{small_disk.path}/euc")
    local.euc.now = datetime.now(UTC) - timedelta(days=15)
    old = local.collect(4)
    local.euc.now = datetime.now(UTC) - timedelta(minutes=5)
    local.collect(6)
    local.bring()
    small_disk.fill()
    expect_told(local.run("retain", "--apply"))
    blobs = [small_disk.path / "euc" / "logs" / name for name in old]
    assert all(blob.exists() for blob in blobs)
    small_disk.make_room()
    assert local.run("retain", "--apply").code == 0
    assert not any(blob.exists() for blob in blobs)
    local.expect_all()


def test_of_the_store_while_backup_writes(small_disk: Disk, local: Deployment) -> None:
    store = f"file:{small_disk.path}/backup"
    local.collect(4)
    local.bring()
    small_disk.fill()
    expect_told(local.run("backup", "--to", store))
    assert "no backup" in local.run("restore", "--list", "--from", store).out
    small_disk.make_room()
    assert local.run("backup", "--to", store).code == 0


def test_under_a_restored_warehouse(small_disk: Disk, tmp_path: Path) -> None:
    local = Deployment(tmp_path, warehouse=f"{small_disk.path}/warehouse.duckdb")
    local.collect(4)
    local.bring()
    store = f"file:{tmp_path}/backup"
    assert local.run("backup", "--to", store).code == 0
    local.platform.warehouse_path.unlink()
    small_disk.fill()
    expect_told(local.run("restore", "--from", store))
    assert sorted(p.name for p in small_disk.path.iterdir()) == ["filler"], "whole or not at all"
    small_disk.make_room()
    assert local.run("restore", "--from", store).code == 0
    local.expect_all()
