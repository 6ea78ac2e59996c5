"""Key files: made once, with the owner's rights alone, and refused when something is wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mainstem import _core
from mainstem.errors import DataError, UsageError
from mainstem.privacy import (
    ensure_key,
    load_key,
    new_key,
    pseudonyms,
    retired_keys,
    rotate_key,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_a_key_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "euc.key"
    made = ensure_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    line = path.read_text()
    assert line.split()[:2] == ["mainstem.key/1", made.id]
    assert ensure_key(path) == made
    assert path.read_text() == line
    assert [file.name for file in path.parent.iterdir()] == ["euc.key"]


def test_the_core_agrees_on_the_key_and_its_id(tmp_path: Path) -> None:
    made = ensure_key(tmp_path / "euc.key")
    attribute = {"key": "user.id", "value": {"stringValue": "anna"}}
    logs = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"attributes": [attribute]}]}]}]}
    policy = json.dumps({"personal_keys": True})
    line, counts = _core.redact_json("logs", json.dumps(logs).encode(), policy, str(made.path))
    assert f'"p_{made.id}_' in line.decode()
    assert counts == {"personal:user.id": 1}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = ensure_key(tmp_path / "euc.key").path
    path.chmod(mode)
    with pytest.raises(UsageError, match="other users"):
        load_key(path)
    with pytest.raises(_core.PlanError, match="other users"):
        _core.redact_json("logs", b"{}", "{}", str(path))


@pytest.mark.parametrize("text", ["", "mainstem.key/1 abc def\n", "mainstem.key/2 {id} {key}\n"])
def test_what_is_no_key_is_refused_unquoted(tmp_path: Path, text: str) -> None:
    path = tmp_path / "euc.key"
    path.write_text(text.format(id="0" * 8, key="ab" * 32))
    path.chmod(0o600)
    with pytest.raises(DataError) as caught:
        load_key(path)
    assert "ab" * 8 not in str(caught.value)


def test_a_damaged_key_is_found_out(tmp_path: Path) -> None:
    path = ensure_key(tmp_path / "euc.key").path
    head, id_, key = path.read_text().split()
    flipped = ("0" if key[0] != "0" else "1") + key[1:]
    path.write_text(f"{head} {id_} {flipped}\n")
    with pytest.raises(DataError, match="damaged"):
        load_key(path)


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.key"):
        load_key(tmp_path / "none.key")


def pseudonym_of(text: str, path: Path) -> str:
    """What the core makes of a user's id."""
    attribute = {"key": "user.id", "value": {"stringValue": text}}
    logs = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"attributes": [attribute]}]}]}]}
    policy = json.dumps({"personal_keys": True})
    line, _ = _core.redact_json("logs", json.dumps(logs).encode(), policy, str(path))
    record = json.loads(line)["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]
    return str(record["attributes"][0]["value"]["stringValue"])


def test_a_rotation_keeps_the_old_key_beside_the_new(tmp_path: Path) -> None:
    path = tmp_path / "euc.key"
    first = new_key(path)
    seen = [pseudonym_of("anna", path)]
    for _ in range(2):
        old, new = rotate_key(path)
        assert load_key(path) == new != old
        seen.append(pseudonym_of("anna", path))
    assert len(set(seen)) == 3
    assert retired_keys(path)[0].id == first.id
    made = pseudonyms(path, "anna")
    assert [one.pseudonym for one in made] == [seen[2], seen[0], seen[1]]
    for file in tmp_path.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UsageError, match="there is a key file"):
        new_key(path)


def test_a_rotation_keeps_the_key_of_digests_unless_told_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "euc.key"
    new_key(path)
    rotate_key(path)
    kept = path.read_text().split()[3]
    rotate_key(path)
    assert path.read_text().split()[3] == kept
    rotate_key(path, digests=True)
    assert path.read_text().split()[0] == "mainstem.key/1"
    assert len(path.read_text().split()) == 3
