"""A region's key file: one line, `mainstem.key/1 <id> <64 hex digits>`, for its owner alone.

The 32 secret bytes never leave the region. The id names the key in pseudonyms and fingerprints; it
is derived from the key, so that a damaged file is found out, and tells nothing about it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mainstem.errors import DataError, Transient, UsageError

FORMAT = "mainstem.key/1"
_LINE = re.compile(rf"{re.escape(FORMAT)}\s+(?P<id>[0-9a-f]{{8}})\s+(?P<key>[0-9a-f]{{64}})\s*")


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


def load_key(path: Path) -> KeyFile:
    """Check a key file: its rights, its form and its id.

    Raises `UsageError` where others can read it or it cannot be read, `DataError` where it is
    damaged. No error quotes it.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise UsageError(f"key file {path} cannot be read: {error.strerror}") from None
    if os.name == "posix" and mode & 0o077:
        raise UsageError(
            f"key file {path} can be read by other users (mode {mode:04o})",
            hint=f"chmod 600 {path}; if someone may have read it, make a new key",
        )
    found = _LINE.fullmatch(text)
    if found is None:
        raise DataError(f"key file {path} is not one line `{FORMAT} <id> <64 hex digits>`")
    if found["id"] != key_id(bytes.fromhex(found["key"])):
        raise DataError(
            f"key file {path} is damaged: its id is not that of its key",
            hint="restore it from a backup; a new key gives every person a new pseudonym",
        )
    return KeyFile(path, found["id"])


def key_id(key: bytes) -> str:
    """Give the 8 hex digits that name a key of 32 bytes, as the core derives them."""
    derived = hmac.new(key, b"mainstem/1 key id", hashlib.sha256).hexdigest()
    return derived[:8]


def _create(path: Path) -> None:
    key = secrets.token_bytes(32)
    line = f"{FORMAT} {key_id(key)} {key.hex()}\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # mkstemp gives mode 0600 from the first moment on.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".key-")
    except OSError as error:
        raise Transient(f"key file {path} cannot be made: {error.strerror}") from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        # A link fails where another process was first: its key counts.
        os.link(temporary, path)
    except FileExistsError:
        pass
    except OSError as error:
        raise Transient(f"key file {path} cannot be made: {error.strerror}") from None
    finally:
        temporary.unlink()
