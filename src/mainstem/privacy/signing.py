"""A region's signing key: Ed25519, for the heads of its chains, and the list of its public keys.

The key file is one line for its owner alone, `mainstem.signing/1 <id> <64 hex digits>`, the digits
being the seed. It is not the key of pseudonyms: either is rotated without the other, and whoever
has this one can sign and read nothing.

The public keys are a JSON document that anybody may have, `mainstem.keys/1`. Whoever verifies needs
it, so that it lies beside the platform file by default.

https://www.rfc-editor.org/rfc/rfc8032
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mainstem import _core
from mainstem.errors import DataError, Transient, UsageError
from mainstem.privacy.owner_only import create_secret, put_secret, read_secret

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = "mainstem.signing/1"
PUBLIC_FORMAT = "mainstem.keys/1"
_LINE = re.compile(rf"{re.escape(FORMAT)}\s+(?P<id>[0-9a-f]{{16}})\s+(?P<seed>[0-9a-f]{{64}})\s*")
OVERLAP = timedelta(days=1)
"""How long a key that was rotated away may still sign: its collector has not reloaded yet."""


@dataclass(frozen=True)
class SigningKey:
    """A signing key; its text forms show the id alone."""

    id: str
    public: bytes
    _seed: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str, place: str) -> SigningKey:
        """Read a key file's line, or a vault's secret; DataError, without it, where it is none."""
        found = _LINE.fullmatch(text)
        if found is None:
            raise DataError(f"{place} is not one line `{FORMAT} <id> <64 hex digits>`")
        key = cls._of(bytes.fromhex(found["seed"]))
        if key.id != found["id"]:
            raise DataError(
                f"{place} is damaged: its id is not that of its key",
                hint="Restore it from a backup, or make a new one: `mainstem key rotate --signing`",
            )
        return key

    @classmethod
    def _of(cls, seed: bytes) -> SigningKey:
        public = _core.signing_public_key(seed)
        return cls(public_key_id(public), public, seed)

    @classmethod
    def generate(cls) -> SigningKey:
        """Make a new key, which is nowhere yet."""
        return cls._of(secrets.token_bytes(32))

    @property
    def line(self) -> str:
        """The key file's line: a secret."""
        return f"{FORMAT} {self.id} {self._seed.hex()}\n"

    def sign(self, message: bytes) -> bytes:
        """Sign a message: 64 bytes, the same each time."""
        return _core.sign(self._seed, message)


@dataclass(frozen=True)
class PublicKey:
    """A public key of a region; what it signs for a time after `until` does not count."""

    id: str
    public_key: str
    since: str
    until: str | None = None

    def fits(self, message: bytes, signature: bytes) -> bool:
        """Tell whether a signature is that of a message under this key."""
        return _core.signature_fits(bytes.fromhex(self.public_key), message, signature)

    def covers(self, at_unix_nano: int) -> bool:
        """Tell whether the key was in use at a time; it may sign what is older than itself."""
        if self.until is None:
            return True
        return at_unix_nano / 1e9 <= datetime.fromisoformat(self.until).timestamp()


def public_key_id(public: bytes) -> str:
    """Give the 16 hex digits that name a public key: the first of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:16]


def load_signing_key(path: Path) -> SigningKey:
    """Read a key file; UsageError or DataError as for the key of pseudonyms."""
    return SigningKey.parse(read_secret(path), f"key file {path}")


def ensure_signing_key(path: Path, public: Path) -> SigningKey:
    """Read a key file, or make one on first start; its public key is on the list afterwards."""
    key = load_signing_key(path) if path.exists() else make_signing_key(path)
    enlist(key, public)
    return key


def make_signing_key(path: Path) -> SigningKey:
    """Make a key file; of two processes that do, the first one's key counts for both.

    Transient where it cannot be made.
    """
    create_secret(path, SigningKey.generate().line)
    return load_signing_key(path)


def new_signing_key(path: Path, public: Path) -> SigningKey:
    """Make a key file where there is none; UsageError where there is one."""
    if path.exists():
        raise UsageError(
            f"there is a key file {path}",
            hint="`mainstem key rotate --signing` puts a new key in its place.",
        )
    return ensure_signing_key(path, public)


def rotate_signing_key(path: Path, public: Path) -> tuple[SigningKey, SigningKey]:
    """Put a new key in the place of a file's, and give both.

    The old seed is not kept: what it signed is verified by its public key, which stays on the list.
    """
    old = load_signing_key(path)
    enlist(old, public)
    new = SigningKey.generate()
    # The list first: a crash between the two leaves a key on it that never signs.
    enlist(new, public)
    put_secret(path, new.line)
    return old, new


def enlist(key: SigningKey, public: Path) -> None:
    """Put a key on a list of public keys unless it is there; those before it end in a day."""
    known = read_public_keys(public)
    if any(each.id == key.id for each in known):
        return
    now = datetime.now(UTC)
    ends = (now + OVERLAP).isoformat(timespec="seconds")
    kept = [
        each if each.until else PublicKey(each.id, each.public_key, each.since, ends)
        for each in known
    ]
    kept.append(PublicKey(key.id, key.public.hex(), now.isoformat(timespec="seconds")))
    document = {"format": PUBLIC_FORMAT, "keys": [vars(each) for each in kept]}
    beside = public.with_name(f".{public.name}.new")
    try:
        public.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside.write_text(json.dumps(document, indent=2) + "\n")
        beside.replace(public)
    except OSError as error:
        raise Transient(f"{public} cannot be written: {error.strerror}") from None


def read_public_keys(public: Path) -> list[PublicKey]:
    """Read a list of public keys, the oldest first; none where there is no file.

    DataError where it is not such a list.
    """
    if not public.exists():
        return []
    try:
        raw: dict[str, Any] = json.loads(public.read_text())
        if raw["format"] == PUBLIC_FORMAT:
            return [_public_key(each) for each in raw["keys"]]
    except (ValueError, KeyError, TypeError):
        pass
    raise DataError(f"{public} is not a list of public keys of format {PUBLIC_FORMAT}")


def _public_key(raw: dict[str, Any]) -> PublicKey:
    key = PublicKey(**raw)
    until = key.until is None or datetime.fromisoformat(key.until)
    if not until or key.id != public_key_id(bytes.fromhex(key.public_key)):
        raise ValueError("its id is not that of its key")
    return key
