"""The auditor's bundle, verified by its own page in a Python that knows nothing of mainstem."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import zipfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from builders import Collector, Segment

from mainstem.books import export_bundle, record_proof, write_heads
from mainstem.config.platform import Platform, load_platform
from mainstem.errors import UsageError
from mainstem.load import load
from mainstem.privacy import SigningKey, ensure_signing_key
from mainstem.records import Signal
from mainstem.replicate import replicate
from mainstem.store import Account, ProofKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = datetime.now(UTC).replace(minute=10, second=0, microsecond=0) - timedelta(hours=2)
PLATFORM = """
environment: play
regions:
  euc: {store: "file:./stores/euc"}
  aus: {residency: isolated}
central: {store: "file:./stores/central"}
witness: {store: "file:./auditor"}
"""


class Exported:
    """A platform with two hours of two signals, and its bundle."""

    def __init__(self, folder: Path) -> None:
        (folder / "mainstem.yaml").write_text(PLATFORM)
        self.platform: Platform = load_platform(folder / "mainstem.yaml")
        self.store = Account.open("file:./stores/euc", folder)
        self.witness = Account.open("file:./auditor", folder)
        region = self.platform.region("euc")
        assert region.public_keys is not None
        self.key = ensure_signing_key(folder / "keys" / "euc.signing", region.public_keys)
        self.euc = Collector(self.store, "euc", now=NOW, signer=self.key)
        self.segments: list[Segment] = []
        for _ in range(2):
            for signal in (Signal.LOGS, Signal.TRACES):
                requests = self.euc.requests(signal, 3, 2)
                self.segments.append(self.euc.segment(signal, requests, rejected=1))
            self.euc.close_hour()
        replicate(self.platform)
        load(self.platform)
        write_heads(self.platform, self.witness)
        for number in range(3):
            record_proof(self.platform, "euc", ProofKind.SCAN, {}, at_unix_nano=number)
        self.folder = folder / "bundle"

    def export(self, *, payload: bool = False) -> Path:
        export_bundle(self.platform, self.folder, payload=payload, witness=self.witness)
        return self.folder

    @property
    def ledger(self) -> Path:
        return self.folder / "euc" / "ledger"


@pytest.fixture
def exported(tmp_path: Path) -> Exported:
    return Exported(tmp_path)


def verified(bundle: Path, *arguments: str) -> list[str]:
    """Run the bundle's page; gives what it found, without the place, or nothing."""
    done = subprocess.run(
        [sys.executable, "-I", "verify.py", *arguments],
        cwd=bundle,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    wrong = [line for line in lines if line.startswith("WRONG")]
    assert done.returncode == (1 if wrong else 0)
    assert lines[-1] == (f"{len(wrong)} findings" if wrong else "consistent")
    return sorted({line.split(": ", 1)[1] for line in wrong})


def rewrite(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))


def test_a_good_bundle_has_no_payload(exported: Exported) -> None:
    bundle = exported.export()
    assert verified(bundle) == []
    assert verified(bundle, exported.key.id) == []
    assert not (bundle / "euc" / "blobs").exists()
    assert b"feature" not in b"".join(p.read_bytes() for p in (bundle / "euc").rglob("*.*"))
    document = json.loads((bundle / "bundle.json").read_bytes())
    assert (document["regions"], document["isolated"]) == (["euc"], ["aus"])
    assert len(list((bundle / "euc" / "witness").rglob("*.head"))) == 1
    assert len(list((bundle / "euc" / "proofs").iterdir())) == 3
    page = (bundle / "verify.py").read_text()
    assert "mainstem" not in "".join(line for line in page.splitlines() if "import" in line)
    with pytest.raises(UsageError, match="there is something"):
        exported.export()


def test_a_zip_with_the_payload(exported: Exported, tmp_path: Path) -> None:
    made = export_bundle(exported.platform, tmp_path / "b.zip", payload=True)
    with zipfile.ZipFile(made.path) as archive:
        assert len(archive.namelist()) == made.files
        archive.extractall(tmp_path / "out")
    assert verified(tmp_path / "out") == []
    blob = tmp_path / "out" / "euc" / "blobs" / "logs" / exported.segments[0].name
    rewrite(blob, b"acme", b"emca")
    assert verified(tmp_path / "out") == ["the blob is altered"]


def test_without_retained_ends_and_after_retention(exported: Exported) -> None:
    """What retention cleared from the ledger is not missed."""
    bundle = exported.export()
    facts = json.loads((bundle / "euc" / "region.json").read_bytes())
    facts["cleared"] = {exported.euc.instance: 2}
    hour = NOW.strftime("%Y-%m-%dT%H")
    facts["in_part"] = [["logs", hour], ["traces", hour]]
    facts["counts"] = [line for line in facts["counts"] if line["hour"] != hour]
    (bundle / "euc" / "region.json").write_text(json.dumps(facts))
    for seq in range(3):
        for path in exported.ledger.rglob(f"{seq:012d}.*"):
            path.unlink()
    assert verified(bundle) == []


REWRITTEN = "it does not follow from the entry before it: one was rewritten"
TAMPERINGS: dict[str, tuple[Callable[[Exported], object], list[str]]] = {
    "a manifest rewritten": (
        lambda it: rewrite(it.ledger / it.segments[0].entry, b'"rejected":1', b'"rejected":0'),
        [REWRITTEN, "the books' counts are not the sum of the entries'"],
    ),
    "an entry removed": (
        lambda it: (it.ledger / it.segments[1].entry).unlink(),
        ["the books' counts are not the sum of the entries'", "the entry before it is gone"],
    ),
    "a chain cut at its end": (
        lambda it: [path.unlink() for path in it.ledger.rglob("000000000006.json")],
        ["its entry is gone: the chain was cut, or its instance dropped"],
    ),
    "an instance dropped": (
        lambda it: [path.unlink() for path in it.ledger.rglob("*.*")],
        [
            "its entry is gone: the chain was cut, or its instance dropped",
            "the books' counts are not the sum of the entries'",
        ],
    ),
    "no entry": (
        lambda it: next(it.ledger.rglob("000000000006.json")).write_bytes(b"{"),
        ["its entry is gone: the chain was cut, or its instance dropped", "this is no entry"],
    ),
    "lines altered": (
        lambda it: next(it.ledger.rglob("*.lines")).write_bytes(b"x" * 48),
        ["these are not the lines that the entry commits to"],
    ),
    "lines removed": (
        lambda it: next(it.ledger.rglob("*.lines")).unlink(),
        ["these are not the lines that the entry commits to"],
    ),
    "a statement altered": (
        lambda it: rewrite(next(it.ledger.rglob("*3.head")), b'"seq":3', b'"seq": 3'),
        ["it has no good head", "this is no good head: the signature does not fit"],
    ),
    "a head of another key": (
        lambda it: rewrite(next(it.ledger.rglob("*3.head")), it.key.id.encode(), b"0" * 16),
        ["it has no good head", "this is no good head: signed by an unknown key"],
    ),
    "a head removed": (
        lambda it: next(it.ledger.rglob("*3.head")).unlink(),
        ["it has no good head"],
    ),
    "no head": (
        lambda it: next(it.ledger.rglob("*6.head")).write_bytes(b"{}\n[]"),
        ["this is no good head: list indices must be integers or slices, not str"],
    ),
    "the witness knows another entry": (
        lambda it: rewrite(next(it.folder.glob("euc/witness/*.json")), b'"seq": 6', b'"seq": 5'),
        ["its entry was rewritten"],
    ),
    "counts altered": (
        lambda it: rewrite(it.folder / "euc/region.json", b'"stored": 5', b'"stored": 4'),
        [
            "received and what became of it differ",
            "stored and what became of it differ",
            "the books' counts are not the sum of the entries'",
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", TAMPERINGS)
def test_each_tampering_with_a_bundle_is_found(exported: Exported, how: str) -> None:
    exported.export()
    tamper, expected = TAMPERINGS[how]
    tamper(exported)
    assert verified(exported.folder) == expected


def test_what_was_done_to_the_store_shows_in_the_bundle(exported: Exported) -> None:
    removed, altered, cut, _ = exported.segments
    stores = exported.platform.directory / "stores" / "euc"
    (stores / "logs" / removed.name).unlink()
    rewrite(stores / "traces" / altered.name, b"acme", b"emca")
    rewrite(stores / "logs" / cut.name, b"acme", b"")
    name = "2026/11/24/logs_01_02_03_00ff00ff00ff00ff.json"
    exported.store.container("logs").create(name, b"{}\n")
    os.utime(stores / "logs" / name, (time.time() - 30 * 3600,) * 2)
    assert verified(exported.export()) == [
        "no entry commits to the blob",
        "the blob is altered",
        "the blob is gone",
        "the blob is truncated",
    ]


def test_a_key_that_the_auditor_does_not_know(exported: Exported) -> None:
    """Whoever writes all of it anew, with a key of their own, is found by the key alone."""
    anew = Collector(exported.store, "euc", "00000000000000cc", now=NOW, signer=exported.key)
    assert anew.seq == 1
    exported.export()
    assert verified(exported.folder) == []
    found = verified(exported.folder, SigningKey.generate().id)
    assert found == ["this is no good head: signed by an unknown key"]
