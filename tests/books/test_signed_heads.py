"""Heads in the collector's hand: what they show that hashes alone do not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from builders import Collector

from mainstem.books import Breach, Verification, verify, write_heads
from mainstem.config.platform import Platform, load_platform
from mainstem.privacy import (
    SigningKey,
    ensure_signing_key,
    load_signing_key,
    read_public_keys,
    rotate_signing_key,
)
from mainstem.records import Signal
from mainstem.replicate import replicate
from mainstem.store import HEADS, LEDGER, Account, head_name, is_head

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime.now(UTC).replace(minute=10, second=0, microsecond=0) - timedelta(hours=2)
PLATFORM = """
environment: play
regions:
  euc: {store: "file:./stores/euc"}
central: {store: "file:./stores/central"}
witness: {store: "file:./auditor"}
"""


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    (tmp_path / "mainstem.yaml").write_text(PLATFORM)
    return load_platform(tmp_path / "mainstem.yaml")


@pytest.fixture
def store(platform: Platform) -> Account:
    return Account.open("file:./stores/euc", platform.directory)


@pytest.fixture
def files(platform: Platform) -> tuple[Path, Path]:
    """The signing key's file and the list of public keys."""
    region = platform.region("euc")
    assert region.signing_key is not None
    assert region.public_keys is not None
    return platform.directory / region.signing_key, region.public_keys


@pytest.fixture
def key(files: tuple[Path, Path]) -> SigningKey:
    return ensure_signing_key(*files)


@pytest.fixture
def euc(store: Account, key: SigningKey) -> Collector:
    """Two hours, the second one open."""
    collector = Collector(store, "euc", now=NOW, signer=key)
    for _ in range(2):
        collector.segment(Signal.LOGS, collector.requests(Signal.LOGS, 2))
        collector.close_hour()
    collector.segment(Signal.LOGS, collector.requests(Signal.LOGS, 2))
    return collector


def heads(store: Account) -> list[str]:
    return [info.name for info in store.container(LEDGER).list() if is_head(info.name)]


def only(found: Verification) -> tuple[Breach, str, str]:
    (finding,) = found.findings
    return finding.breach, finding.store, finding.detail


@pytest.mark.usefixtures("euc")
def test_good_signatures_are_counted_and_travel(platform: Platform, store: Account) -> None:
    assert len(heads(store)) == 3
    replicate(platform)
    found = verify(platform)
    assert (found.findings, found.heads, found.unchecked) == ([], 6, {})
    assert found.verdict == "consistent"


def test_without_the_public_keys_nobody_can_tell(
    platform: Platform, euc: Collector, files: tuple[Path, Path]
) -> None:
    files[1].unlink()
    found = verify(platform)
    assert found.findings == []
    assert "copy it from the collector" in found.unchecked[euc.region]


@pytest.mark.usefixtures("euc")
def test_a_signature_that_does_not_fit(platform: Platform, store: Account) -> None:
    ledger, name = store.container(LEDGER), heads(store)[1]
    statement, _, signed = ledger.read(name).partition(b"\n")
    ledger.replace(name, statement.replace(b'"seq":2', b'"seq": 2') + b"\n" + signed)
    breach, where, detail = only(verify(platform))
    assert (breach, where) == (Breach.SIGNATURE_WRONG, "region")
    assert "not the signature of key" in detail


@pytest.mark.parametrize("content", [b"", b"{}\n{}\n", b'{"format":"mainstem.head/1"}\n[]\n'])
@pytest.mark.usefixtures("euc")
def test_what_is_no_head(platform: Platform, store: Account, content: bytes) -> None:
    store.container(LEDGER).replace(heads(store)[1], content)
    assert only(verify(platform)) == (Breach.SIGNATURE_WRONG, "region", "this is no signed head")


@pytest.mark.usefixtures("euc")
def test_a_head_of_another_entry(platform: Platform, store: Account) -> None:
    ledger, names = store.container(LEDGER), heads(store)
    ledger.replace(names[2], ledger.read(names[1]))
    assert only(verify(platform))[2] == "it is the head of another entry"


def test_an_unknown_key(platform: Platform, euc: Collector) -> None:
    euc.signer = SigningKey.generate()
    euc.close_hour()
    breach, _, detail = only(verify(platform))
    assert breach is Breach.SIGNING_KEY_UNKNOWN
    assert euc.signer.id in detail


def test_a_key_is_rotated_and_the_old_one_ends(
    platform: Platform, euc: Collector, files: tuple[Path, Path]
) -> None:
    old, new = rotate_signing_key(*files)
    assert load_signing_key(files[0]) == new
    assert [known.until is None for known in read_public_keys(files[1])] == [False, True]
    euc.signer = new
    euc.close_hour()
    assert verify(platform).findings == []
    euc.now += timedelta(days=2)
    euc.signer = old
    euc.write_entry("genesis")
    breach, _, detail = only(verify(platform))
    assert breach is Breach.SIGNING_KEY_UNKNOWN
    assert f"key {old.id} was in use until" in detail


@pytest.mark.usefixtures("euc")
def test_a_signature_removed(platform: Platform, store: Account) -> None:
    store.container(LEDGER).remove(heads(store)[1])
    breach, _, detail = only(verify(platform))
    assert (breach, detail) == (Breach.SIGNATURE_MISSING, "entry 2 has no signed head")


def test_all_signatures_removed_of_an_instance_younger_than_the_key(
    platform: Platform, store: Account, key: SigningKey
) -> None:
    assert key.id
    now = datetime.now(UTC) + timedelta(minutes=1)
    late = Collector(store, "euc", now=now)
    late.close_hour()
    late.close_hour()
    breach, _, detail = only(verify(platform))
    assert (breach, detail) == (Breach.SIGNATURE_MISSING, "entry 0 to 1 has no signed head")


@pytest.mark.usefixtures("key")
def test_heads_of_a_ledger_from_before_are_not_missed(platform: Platform, store: Account) -> None:
    old = Collector(store, "euc", now=NOW - timedelta(days=1))
    old.close_hour()
    old.close_hour()
    assert verify(platform).findings == []


def test_a_chain_written_anew_without_the_key(platform: Platform, euc: Collector) -> None:
    """Whoever cannot sign can rewrite entries, and not what was signed of them."""
    ledger = euc.account.container(LEDGER)
    kept = {name: ledger.read(name) for name in heads(euc.account)}
    for container in (LEDGER, "logs"):
        for info in list(euc.account.container(container).list()):
            euc.account.container(container).remove(info.name)
    anew = Collector(euc.account, "euc", euc.instance, now=NOW)
    for _ in range(2):
        anew.segment(Signal.LOGS, anew.requests(Signal.LOGS, 1))
        anew.close_hour()
    for name, data in kept.items():
        ledger.create(name, data)
    found = verify(platform).findings
    assert {finding.breach for finding in found} == {Breach.ENTRY_REWRITTEN}
    assert "whose head was written down" in found[0].detail


def test_a_chain_signed_anew_is_told_by_a_witness_alone(
    platform: Platform, euc: Collector, key: SigningKey
) -> None:
    witness = Account.open("file:./auditor", platform.directory)
    assert write_heads(platform, witness).signed == 1
    assert write_heads(platform, witness).signed == 0
    found = verify(platform, witness)
    assert found.findings == []
    assert found.verdict == "consistent, and complete up to the heads that the witness holds"
    for container in (LEDGER, "logs"):
        for info in list(euc.account.container(container).list()):
            euc.account.container(container).remove(info.name)
    anew = Collector(euc.account, "euc", euc.instance, now=NOW, signer=key)
    for _ in range(3):
        anew.segment(Signal.LOGS, anew.requests(Signal.LOGS, 1))
        anew.close_hour()
    assert verify(platform).verdict == "consistent", "the key signs for its thief, too"
    breaches = {finding.breach for finding in verify(platform, witness).findings}
    assert breaches == {Breach.ENTRY_REWRITTEN}


def test_a_chain_cut_under_its_signed_head(platform: Platform, euc: Collector) -> None:
    ledger = euc.account.container(LEDGER)
    for info in list(ledger.list()):
        if info.name.endswith(("4.json", "5.json", "5.lines")):
            ledger.remove(info.name)
    assert only(verify(platform)) == (Breach.CHAIN_CUT, "region", "entry 4 is gone")


def test_an_instance_dropped_with_its_heads_is_told_by_a_witness(
    platform: Platform, euc: Collector
) -> None:
    witness = Account.open("file:./auditor", platform.directory)
    write_heads(platform, witness)
    container = witness.container(HEADS)
    for info in list(container.list("euc")):
        if not is_head(info.name.removeprefix("euc/")):
            container.remove(info.name)
    for name in (LEDGER, "logs"):
        for info in list(euc.account.container(name).list()):
            euc.account.container(name).remove(info.name)
    assert verify(platform).findings == []
    breach, where, _ = only(verify(platform, witness))
    assert (breach, where) == (Breach.INSTANCE_REMOVED, "region")


@pytest.mark.usefixtures("euc")
def test_a_head_at_the_witness_in_no_known_hand(platform: Platform) -> None:
    witness = Account.open("file:./auditor", platform.directory)
    write_heads(platform, witness)
    container = witness.container(HEADS)
    [name] = [i.name for i in container.list("euc") if is_head(i.name.removeprefix("euc/"))]
    statement, _, rest = container.read(name).partition(b"\n")
    signed = json.loads(rest) | {"key": "0" * 16}
    container.replace(name, statement + b"\n" + json.dumps(signed).encode())
    breach, where, _ = only(verify(platform, witness))
    assert (breach, where) == (Breach.SIGNING_KEY_UNKNOWN, "witness")


def test_names_of_heads() -> None:
    assert is_head(head_name("2026/11/24/00000000000000aa/000000000007.json"))
    assert not is_head("2026/11/24/00000000000000aa/000000000007.lines")
