"""A running collector signs the heads of its chain and hands them to the witness."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from running import collector, log_request, post, stand

from mainstem.books import verify
from mainstem.collect.heads import WitnessWatch
from mainstem.config.platform import load_platform
from mainstem.privacy import SigningKey, rotate_signing_key
from mainstem.records import EntryKind, LedgerEntry
from mainstem.store import HEADS, LEDGER, Account, SignedHead, is_entry, is_head, is_signed

if TYPE_CHECKING:
    from pathlib import Path


def witnessed(folder: Path, address: str) -> list[str]:
    arguments = stand(folder)
    platform = folder / "mainstem.yaml"
    platform.write_text(platform.read_text() + f"witness: {{store: '{address}'}}\n")
    return arguments


def test_the_first_head_is_signed_and_witnessed(tmp_path: Path) -> None:
    with collector(witnessed(tmp_path, "file:auditor")) as running:
        assert post(f"{running.otlp}/v1/logs", log_request("one")) == 200
        key = running.event("signing key")["id"]
        assert running.stop() == 0
    ledger = Account.open(f"file:{tmp_path}/store").container(LEDGER)
    [name] = [info.name for info in ledger.list() if is_head(info.name)]
    signed = SignedHead.parse(ledger.read(name))
    assert (signed.head.region, signed.head.seq, signed.key) == ("euc", 0, key)
    auditor = Account.open(f"file:{tmp_path}/auditor").container(HEADS)
    assert auditor.read(f"euc/{name}") == ledger.read(name)
    platform = load_platform(tmp_path / "mainstem.yaml")
    found = verify(platform, Account.open(f"file:{tmp_path}/auditor"))
    assert found.verdict == "consistent, and complete up to the heads that the witness holds"
    assert found.unchecked == {}


def test_a_witness_out_of_reach_holds_nothing_up(tmp_path: Path) -> None:
    (tmp_path / "auditor").write_text("this is no folder")
    with collector(witnessed(tmp_path, "file:auditor")) as running:
        assert post(f"{running.otlp}/v1/logs", log_request("one")) == 200
        assert running.stop() == 0
        assert running.event("the witness takes no heads; the newest waits, and all else goes on")
    ledger = Account.open(f"file:{tmp_path}/store").container(LEDGER)
    names = [info.name for info in ledger.list() if is_entry(info.name)]
    kinds = [LedgerEntry.parse(ledger.read(name)).kind for name in names]
    assert EntryKind.SEGMENT in kinds


def test_a_rotated_key_signs_after_the_next_start(tmp_path: Path) -> None:
    arguments = stand(tmp_path)
    with collector(arguments) as running:
        assert running.ready
        assert running.stop() == 0
    keys = tmp_path / "keys"
    old, new = rotate_signing_key(keys / "euc.signing", keys / "euc.public.json")
    (tmp_path / "spool").rename(tmp_path / "lost")
    with collector(arguments) as running:
        assert running.event("signing key")["id"] == new.id
        assert running.stop() == 0
    ledger = Account.open(f"file:{tmp_path}/store").container(LEDGER)
    names = [info.name for info in ledger.list() if is_head(info.name)]
    assert {SignedHead.parse(ledger.read(name)).key for name in names} == {old.id, new.id}
    assert verify(load_platform(tmp_path / "mainstem.yaml")).findings == []


def entry(kind: EntryKind, at_unix_nano: int = 0, sha256: str = "a" * 64) -> LedgerEntry:
    return LedgerEntry(kind, "00000000000000aa", 1, "", "euc", "play", at_unix_nano, sha256)


def test_a_head_is_signed_once_or_twice_in_each_hour() -> None:
    day = [entry(EntryKind.HEARTBEAT, 300_000_000_000 * n + 7) for n in range(288)]
    assert sum(map(is_signed, day)) == 48
    assert is_signed(entry(EntryKind.GENESIS))
    assert is_signed(entry(EntryKind.HOUR_CLOSED))
    assert not is_signed(entry(EntryKind.SEGMENT))


def test_the_newest_head_of_a_chain_waits_and_another_content_is_left_alone(tmp_path: Path) -> None:
    auditor = Account.open(f"file:{tmp_path}/auditor")
    key, rotated = SigningKey.generate(), SigningKey.generate()
    watch = WitnessWatch(auditor)
    genesis = SignedHead.of(entry(EntryKind.GENESIS, time.time_ns()), key)
    watch.take(genesis)
    watch.look()
    forged = SignedHead.of(entry(EntryKind.GENESIS, genesis.head.at_unix_nano, "b" * 64), key)
    watch.take(forged)
    watch.look()
    watch.look()
    [info] = auditor.container(HEADS).list()
    assert auditor.container(HEADS).read(info.name) == genesis.data
    watch.take(SignedHead.of(entry(EntryKind.GENESIS, genesis.head.at_unix_nano), rotated))
    watch.look()
    assert auditor.container(HEADS).read(info.name) == genesis.data, "another key, the same head"


def test_without_a_place_for_a_key_heads_stay_unsigned(tmp_path: Path) -> None:
    arguments = stand(tmp_path)
    platform = tmp_path / "mainstem.yaml"
    text = platform.read_text()
    (tmp_path / "taken").write_text("this is no folder")
    platform.write_text(text.replace("collector:", "signing_key: taken/euc.signing, collector:"))
    with collector(arguments) as running:
        event = "there is no signing key and none can be made: heads are not signed"
        assert "cannot be made" in running.event(event)["reason"]
        assert post(f"{running.otlp}/v1/logs", log_request("one")) == 200
        assert running.stop() == 0
    ledger = Account.open(f"file:{tmp_path}/store").container(LEDGER)
    names = [info.name for info in ledger.list()]
    assert len(list(filter(is_entry, names))) > 1
    assert not any(map(is_head, names))


def test_a_key_that_is_there_and_wrong_stops_the_start(tmp_path: Path) -> None:
    arguments = stand(tmp_path)
    key = tmp_path / "keys" / "euc.signing"
    key.parent.mkdir(mode=0o700)
    key.write_text("mainstem.signing/1 0123\n")
    key.chmod(0o600)
    with collector(arguments) as running:
        assert running.process.wait(timeout=60) == 2
    assert "is not one line" in "".join(str(event) for event in running.events)
