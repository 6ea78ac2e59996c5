"""Append blobs grow at an end that the writer names beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mainstem.errors import UsageError
from mainstem.store import Account, ContainerMissing, StoreRefused

if TYPE_CHECKING:
    from pathlib import Path

NAME = "2026/11/24/logs 10%.json"  # a name that a URL has to quote


def test_a_block_goes_to_the_end_that_was_named_and_nowhere_else(azurite_account: str) -> None:
    account = Account.open(azurite_account)
    account.ensure_container("logs")
    blobs = account.append_blobs("logs")
    assert blobs.end(NAME) is None
    blobs.make(NAME)
    blobs.make(NAME)
    assert blobs.end(NAME) == (0, 0)
    assert blobs.append(NAME, b"one\n", 0) is True
    assert blobs.append(NAME, b"one\n", 0) is False, "a repeat finds the end elsewhere"
    assert blobs.append(NAME, b"two\n", 4) is True
    assert blobs.end(NAME) == (8, 2)
    assert account.container("logs").read(NAME) == b"one\ntwo\n"
    assert account.container("logs").read_range(NAME, 4, 4) == b"two\n"


def test_making_one_keeps_what_is_there(azurite_account: str) -> None:
    account = Account.open(azurite_account)
    account.ensure_container("logs")
    blobs = account.append_blobs("logs")
    blobs.make(NAME)
    blobs.append(NAME, b"one\n", 0)
    blobs.make(NAME)
    assert blobs.end(NAME) == (4, 1)


def test_a_missing_container_and_a_block_blob_are_told(azurite_account: str) -> None:
    account = Account.open(azurite_account)
    blobs = account.append_blobs("logs")
    with pytest.raises(ContainerMissing, match="az storage container create --name logs"):
        blobs.make(NAME)
    account.ensure_container("logs")
    account.container("logs").create("block.json", b"{}\n")
    with pytest.raises(StoreRefused, match="no append blob"):
        blobs.end("block.json")


def test_other_stores_have_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Azure's"):
        Account.open("file:store", tmp_path).append_blobs("logs")
