"""Somebody puts another content under a blob's name: it is told, and nothing counts wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mainstem.store import Account

if TYPE_CHECKING:
    from deployment import Deployment


def replace(local: Deployment, place: str, container: str, name: str) -> bytes:
    """Put a forged blob there; gives what was there."""
    found = Account.open(f"file:./stores/{place}", local.directory).container(container)
    genuine = found.read(name)
    found.replace(name, genuine.replace(b"log ", b"LOG "))
    return genuine


def restore(local: Deployment, place: str, container: str, name: str, data: bytes) -> None:
    Account.open(f"file:./stores/{place}", local.directory).container(container).replace(name, data)


def test_before_it_travels(local: Deployment) -> None:
    """It stays where it is, and travels once the genuine one is back."""
    first, *_ = local.collect(3)
    genuine = replace(local, "euc", "logs", first)
    said = local.run("replicate")
    assert said.code == 1
    assert f"logs/{first} is not what its ledger entry says: not copied" in said.err
    said = local.run("load", "--json")
    assert (said.code, said.document["signals"][0]["blobs"]) == (0, 2)
    restore(local, "euc", "logs", first, genuine)
    local.bring()
    local.expect_all()


def test_in_the_centre_before_it_is_copied_there(local: Deployment) -> None:
    """Nothing is overwritten; what stands in the way is for a person to look at."""
    first, *_ = local.collect(2)
    centre = Account.open("file:./stores/central", local.directory).container("euc-logs")
    centre.create(first, b"another content")
    said = local.run("replicate")
    assert said.code == 1
    assert f"euc-logs/{first} holds another content" in said.err
    assert "nothing was overwritten" in said.err
    assert centre.read(first) == b"another content"
    centre.remove(first)
    local.bring()
    local.expect_all()


def test_before_it_is_loaded(local: Deployment) -> None:
    """It goes to quarantine, and `quarantine retry` takes it once the genuine one is back."""
    first, *_ = local.collect(3)
    assert local.run("replicate").code == 0
    genuine = replace(local, "central", "euc-logs", first)
    said = local.run("load")
    assert said.code == 1
    assert f"{first} is not what its ledger entry says" in said.err
    assert "LOG" not in said.err, "no content in a message"
    assert local.query("SELECT count(*) FROM bronze.otel_logs") == [(12,)], "the rest is loaded"
    said = local.run("books")
    assert said.code == 1
    restore(local, "central", "euc-logs", first, genuine)
    assert local.run("quarantine", "retry", first).code == 0
    local.bring()
    local.expect_all()


def test_after_it_was_loaded(local: Deployment) -> None:
    """What is in the warehouse stays as it is; load and books tell."""
    first, *_ = local.collect(3)
    local.bring()
    replace(local, "central", "euc-logs", first)
    said = local.run("load")
    assert said.code == 1
    assert f"{first} was changed after it was loaded" in said.err
    rows = local.query("SELECT count(*), count(*) FILTER (body LIKE 'LOG %') FROM bronze.otel_logs")
    assert rows == [(local.records, 0)]
    assert local.run("books").code == 1
