"""Records of verifications and scans: written down, in a chain, and missed where one is gone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from mainstem.books import Breach, last_proofs, proofs_of, record_proof, verify
from mainstem.cli import add_verbs
from mainstem.cli.app import app
from mainstem.config.platform import Platform, load_platform
from mainstem.errors import DataError
from mainstem.store import PROOFS, Account, ProofKind

if TYPE_CHECKING:
    from pathlib import Path

add_verbs([])
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


def record(platform: Platform, count: int) -> None:
    for number in range(1, count + 1):
        kind = ProofKind.SCAN if number % 2 else ProofKind.VERIFICATION
        body = {"found": number}
        recorded = record_proof(platform, "euc", kind, body, at_unix_nano=number)
        assert recorded == (number, None)


def test_the_last_of_each_kind_counts(platform: Platform) -> None:
    assert last_proofs(platform, "euc") == {}
    record(platform, 3)
    last = last_proofs(platform, "euc")
    assert {kind: proof.body["found"] for kind, proof in last.items()} == {
        ProofKind.SCAN: 3,
        ProofKind.VERIFICATION: 2,
    }
    assert proofs_of(platform, "aus") == []


def test_an_isolated_region_records_at_home(platform: Platform) -> None:
    number, reason = record_proof(platform, "aus", ProofKind.SCAN, {}, at_unix_nano=1)
    assert number is None
    assert "isolated" in str(reason)


@pytest.mark.parametrize("how", ["removed", "altered", "no record"])
def test_one_that_is_missing_or_changed_is_named(platform: Platform, how: str) -> None:
    record(platform, 3)
    container = Account.open("file:./stores/central", platform.directory).container(PROOFS)
    name = "euc/000000000002.json"
    if how == "removed":
        container.remove(name)
    elif how == "altered":
        container.replace(name, container.read(name).replace(b'"found":2', b'"found":0'))
    else:
        container.replace(name, b"{}")
    with pytest.raises(DataError, match="does not follow"):
        proofs_of(platform, "euc")
    (finding,) = verify(platform).findings
    assert (finding.breach, finding.store) == (Breach.PROOF_REWRITTEN, "centre")


def test_a_verification_is_recorded(platform: Platform) -> None:
    path = str(platform.directory / "mainstem.yaml")
    done = CliRunner().invoke(app, ["books", "--verify", "--json", "--platform", path])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert (document["verdict"], document["unrecorded"]) == ("consistent", {})
    body = last_proofs(platform, "euc")[ProofKind.VERIFICATION].body
    assert (body["verdict"], body["found"], body["heads"]) == ("consistent", 0, 0)


def test_none_is_written_behind_one_that_is_no_record(platform: Platform) -> None:
    record(platform, 2)
    container = Account.open("file:./stores/central", platform.directory).container(PROOFS)
    container.replace("euc/000000000002.json", b"{}")
    number, reason = record_proof(platform, "euc", ProofKind.SCAN, {}, at_unix_nano=3)
    assert (number, "does not follow" in str(reason)) == (None, True)
