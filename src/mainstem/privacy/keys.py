"""A region's key file: one line, `mainstem.key/1 <id> <64 hex digits>`, for its owner alone.

A rotation keeps the key of request digests, by which retries are known, and the line is then
`mainstem.key/2 <id> <64 hex digits> <64 hex digits>`, that key last. The keys that were rotated
away lie beside it in `<file>.retired`, a line each, with the time.

The 32 secret bytes never leave the region. The id names the key in pseudonyms and fingerprints; it
is derived from the key, so that a damaged file is found out, and tells nothing about it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mainstem.errors import DataError, UsageError
from mainstem.privacy.owner_only import create_secret, put_secret, read_secret

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = "mainstem.key/1"
FORMAT_ROTATED = "mainstem.key/2"
_HEX = "[0-9a-f]{64}"
_LINE = re.compile(
    rf"(?:{re.escape(FORMAT)}|{re.escape(FORMAT_ROTATED)}(?=(?:\s+\S+){{3}}\s*$))"
    rf"\s+(?P<id>[0-9a-f]{{8}})\s+(?P<key>{_HEX})(?:\s+(?P<digests>{_HEX}))?\s*"
)
_RETIRED = " retired "


@dataclass(frozen=True)
class KeyFile:
    """A key file that was found in order: its path and its key's id, never the key."""

    path: Path
    id: str


def ensure_key(path: Path) -> KeyFile:
    """Load the key file at a path, or make one on first start.

    Two processes that start together end up with the same key. Raises what `load_key` raises, and
    `Transient` where the file cannot be written.
    """
    if not path.exists():
        _create(path)
    return load_key(path)


@dataclass(frozen=True)
class RetiredKey:
    """A key that was rotated away, and when."""

    id: str
    at: str


@dataclass(frozen=True)
class Pseudonym:
    """What a text becomes under a key."""

    key_id: str
    pseudonym: str


def new_key(path: Path) -> KeyFile:
    """Make a key file where there is none; UsageError where there is one."""
    if path.exists():
        raise UsageError(
            f"there is a key file {path}", hint="`mainstem key rotate` puts a new key in its place."
        )
    _create(path)
    return load_key(path)


def rotate_key(path: Path, *, digests: bool = False) -> tuple[KeyFile, KeyFile]:
    """Put a new key in the place of a file's, and give both; the old one is kept beside it.

    The key of request digests stays, unless `digests` gives it up as well. Raises what `load_key`
    raises, and `Transient` where a file cannot be written.
    """
    old = load_key(path)
    line = path.read_text(encoding="ascii").strip()
    found = _parsed(path, line)
    kept = found["digests"] or _derived(bytes.fromhex(found["key"]), "request digest").hex()
    now = datetime.now(UTC).isoformat(timespec="seconds")
    aside = retired_file(path)
    before = aside.read_text(encoding="ascii") if aside.exists() else ""
    # The old key first: a crash between the two leaves it in both places.
    put_secret(aside, f"{before}{line}{_RETIRED}{now}\n")
    secret = secrets.token_bytes(32)
    ids = f"{key_id(secret)} {secret.hex()}"
    put_secret(path, f"{FORMAT} {ids}\n" if digests else f"{FORMAT_ROTATED} {ids} {kept}\n")
    return old, load_key(path)


def retired_keys(path: Path) -> list[RetiredKey]:
    """List the keys that were rotated away, the oldest first."""
    return [RetiredKey(found["id"], at) for found, at in _retired(path)]


def retired_file(path: Path) -> Path:
    """Name the file that keeps what was rotated away."""
    return path.with_name(f"{path.name}.retired")


def pseudonyms(path: Path, text: str, period: str | None = None) -> list[Pseudonym]:
    """Tell what a text becomes under the key and under each that was rotated away.

    `period` is the name of a period (`2026-11`) where pseudonyms rotate by date.
    """
    load_key(path)
    current = _parsed(path, path.read_text(encoding="ascii").strip())
    made = []
    for found in (current, *(found for found, _ in _retired(path))):
        secret, name = bytes.fromhex(found["key"]), found["id"]
        if period is None:
            key = _derived(secret, "pseudonym")
        else:
            key = hmac.digest(_derived(secret, "pseudonym rotation"), period.encode(), "sha256")
            name = f"{name}-{period}"
        digits = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32]
        made.append(Pseudonym(found["id"], f"p_{name}_{digits}"))
    return made


def load_key(path: Path) -> KeyFile:
    """Check a key file: its rights, its form and its id.

    Raises `UsageError` where others can read it or it cannot be read, `DataError` where it is
    damaged. No error quotes it.
    """
    found = _parsed(path, read_secret(path))
    if found["id"] != key_id(bytes.fromhex(found["key"])):
        raise DataError(
            f"key file {path} is damaged: its id is not that of its key",
            hint="restore it from a backup; a new key gives every person a new pseudonym",
        )
    return KeyFile(path, found["id"])


def key_id(key: bytes) -> str:
    """Give the 8 hex digits that name a key of 32 bytes, as the core derives them."""
    return _derived(key, "key id").hex()[:8]


def _derived(key: bytes, purpose: str) -> bytes:
    return hmac.digest(key, f"mainstem/1 {purpose}".encode(), "sha256")


def _parsed(path: Path, text: str) -> re.Match[str]:
    found = _LINE.fullmatch(text)
    if found is None:
        raise DataError(f"key file {path} is not one line `{FORMAT} <id> <64 hex digits>`")
    return found


def _retired(path: Path) -> list[tuple[re.Match[str], str]]:
    aside = retired_file(path)
    if not aside.exists():
        return []
    lines = (line.partition(_RETIRED) for line in aside.read_text(encoding="ascii").splitlines())
    return [(_parsed(aside, line), at) for line, _, at in lines]


def _create(path: Path) -> None:
    key = secrets.token_bytes(32)
    create_secret(path, f"{FORMAT} {key_id(key)} {key.hex()}\n")
