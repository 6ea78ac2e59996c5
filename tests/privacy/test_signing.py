"""The signing key's file and the list of public keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from mainstem import _core
from mainstem.errors import DataError, UsageError
from mainstem.privacy import (
    SigningKey,
    ensure_signing_key,
    load_signing_key,
    new_signing_key,
    read_public_keys,
)

if TYPE_CHECKING:
    from pathlib import Path

# https://www.rfc-editor.org/rfc/rfc8032#section-7.1, TEST 2
SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def test_the_core_signs_as_the_rfc_says() -> None:
    assert _core.signing_public_key(SEED) == PUBLIC
    assert _core.sign(SEED, b"\x72") == SIGNATURE
    assert _core.signature_fits(PUBLIC, b"\x72", SIGNATURE)
    assert not _core.signature_fits(PUBLIC, b"\x73", SIGNATURE)
    assert not _core.signature_fits(PUBLIC[:31], b"\x72", SIGNATURE)
    with pytest.raises(ValueError, match="32 bytes"):
        _core.sign(SEED[:31], b"")


def test_another_library_verifies_what_it_signs() -> None:
    key = SigningKey.generate()
    Ed25519PublicKey.from_public_bytes(key.public).verify(key.sign(b"a head"), b"a head")


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    file, public = tmp_path / "keys" / "euc.signing", tmp_path / "keys" / "euc.public.json"
    key = ensure_signing_key(file, public)
    assert file.stat().st_mode & 0o777 == 0o600
    assert ensure_signing_key(file, public) == key == load_signing_key(file)
    [known] = read_public_keys(public)
    assert (known.id, known.public_key, known.until) == (key.id, key.public.hex(), None)
    assert known.fits(b"a head", key.sign(b"a head"))
    with pytest.raises(UsageError, match="there is a key file"):
        new_signing_key(file, public)


def test_no_form_of_a_key_shows_its_seed(tmp_path: Path) -> None:
    key = SigningKey.generate()
    seed = key.line.split()[-1]
    assert seed not in repr(key) + str(key)
    file = tmp_path / "euc.signing"
    file.write_text(key.line.replace(key.id, "0" * 16))
    file.chmod(0o600)
    with pytest.raises(DataError, match="damaged") as damaged:
        load_signing_key(file)
    assert seed not in str(damaged.value)
    file.chmod(0o640)
    with pytest.raises(UsageError, match="other users"):
        load_signing_key(file)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        '{"format": "mainstem.keys/1", "keys": [{"id": "1", "public_key": "00", "since": ""}]}',
        '{"format": "other", "keys": []}',
    ],
)
def test_what_is_no_list_of_public_keys(tmp_path: Path, text: str) -> None:
    public = tmp_path / "euc.public.json"
    public.write_text(text)
    with pytest.raises(DataError, match="list of public keys"):
        read_public_keys(public)
