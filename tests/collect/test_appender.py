"""Segments in append blobs: each once, whatever dies in between, and no blob beyond its blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mainstem.collect.append import BLOCK_BYTES, Appender
from mainstem.store import Account, AppendBlobs, StoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path

NAME = "2026/11/24/logs_10.json"


class Died(BaseException):
    """What a SIGKILL is to the code that it ends: nothing catches it."""


class Dying(AppendBlobs):
    """Azure's answer to a block is the last thing that is seen, or is not seen any more."""

    before: bool

    def append(self, name: str, block: bytes, at: int) -> bool:
        if self.before:
            raise Died
        super().append(name, block, at)
        raise Died


@pytest.fixture
def account(azurite_account: str) -> Account:
    opened = Account.open(azurite_account)
    opened.ensure_container("logs")
    return opened


def content(account: Account, name: str = NAME) -> bytes:
    return account.container("logs").read(name)


def test_segments_follow_each_other(account: Account, tmp_path: Path) -> None:
    appender = Appender(account, tmp_path / "append")
    appender.put(1, "logs", NAME, [b"one\n", b"two\n"])
    appender.put(2, "logs", NAME, [b"three\n"])
    assert content(account) == b"one\ntwo\nthree\n"
    assert account.append_blobs("logs").end(NAME) == (14, 2), "a segment is a block"
    appender.forget(2)
    assert list((tmp_path / "append").glob("*.json")) == []


@pytest.mark.parametrize("before", [True, False], ids=["before the block", "before its answer"])
def test_who_died_at_a_block_appends_it_once(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    appender = Appender(account, tmp_path / "append")
    appender.put(1, "logs", NAME, [b"one\n"])
    with monkeypatch.context() as patched:
        patched.setattr(Dying, "before", before, raising=False)
        real = account.append_blobs
        patched.setattr(account, "append_blobs", lambda name: Dying(real(name)._account, name))
        with pytest.raises(Died):
            appender.put(2, "logs", NAME, [b"two\n"])
    again = Appender(account, tmp_path / "append")
    again.put(2, "logs", NAME, [b"two\n"])
    again.put(2, "logs", NAME, [b"two\n"])
    assert content(account) == b"one\ntwo\n"


def test_another_writer_at_the_noted_place_is_not_taken_for_oneself(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = Appender(account, tmp_path / "ours")
    ours.put(1, "logs", NAME, [b"one\n"])
    with monkeypatch.context() as patched:
        patched.setattr(Dying, "before", True, raising=False)
        real = account.append_blobs
        patched.setattr(account, "append_blobs", lambda name: Dying(real(name)._account, name))
        with pytest.raises(Died):
            ours.put(2, "logs", NAME, [b"two\n"])
    Appender(account, tmp_path / "theirs").put(7, "logs", NAME, [b"six\n"])
    ours.put(2, "logs", NAME, [b"two\n"])
    assert content(account) == b"one\nsix\ntwo\n"


def test_a_large_segment_goes_on_with_the_block_that_is_missing(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = [letter * (BLOCK_BYTES - 1) + b"\n" for letter in (b"a", b"b")]
    appender = Appender(account, tmp_path / "append")
    with monkeypatch.context() as patched:
        patched.setattr(Dying, "before", False, raising=False)
        real = account.append_blobs
        patched.setattr(account, "append_blobs", lambda name: Dying(real(name)._account, name))
        with pytest.raises(Died):
            appender.put(1, "logs", NAME, pieces)
    assert len(content(account)) == BLOCK_BYTES
    appender.put(1, "logs", NAME, pieces)
    assert content(account) == b"".join(pieces)


def test_a_full_blob_has_followers(account: Account, tmp_path: Path) -> None:
    appender = Appender(account, tmp_path / "append", blocks_a_blob=2)
    for seq in range(5):
        appender.put(seq, "logs", NAME, [b"%d\n" % seq])
    names = [info.name for info in account.container("logs").list()]
    assert names == [NAME, "2026/11/24/logs_10_1.json", "2026/11/24/logs_10_2.json"]
    assert [content(account, name) for name in names] == [b"0\n1\n", b"2\n3\n", b"4\n"]


def test_lines_end_as_the_exporter_says(account: Account, tmp_path: Path) -> None:
    Appender(account, tmp_path / "append", "\r\n").put(1, "logs", NAME, [b"one\ntwo\n"])
    assert content(account) == b"one\r\ntwo\r\n"


def test_a_store_that_is_away_is_told(tmp_path: Path) -> None:
    away = "AccountName=gone;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:1/gone"
    with pytest.raises(StoreUnavailable):
        Appender(Account.open(away), tmp_path / "append").put(1, "logs", NAME, [b"one\n"])
