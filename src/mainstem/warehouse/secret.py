"""A secret that a platform file points to and never holds."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from mainstem.errors import UsageError
from mainstem.store.keyvault import VaultEnvironment

if TYPE_CHECKING:
    from pathlib import Path


def read_secret(reference: str | None, directory: Path) -> str | None:
    """Read what `env:NAME`, `file:./path` or `keyvault:vault/secret` points to; None for none.

    A file's path is from `directory`, and its last line's end is not part of the secret. UsageError
    says why it cannot be had.
    """
    if reference is None:
        return None
    kind, _, name = reference.partition(":")
    if kind == "file":
        return _read_file(directory / name)
    try:
        return VaultEnvironment()[name if kind == "env" else reference]
    except KeyError as error:
        reason = "is not set" if kind == "env" else f"is {error.args[0]}"
        raise UsageError(f"the secret {reference} {reason}") from None


def _read_file(path: Path) -> str:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        raise UsageError(f"the secret in {path} cannot be read") from None
    if os.name == "posix" and mode & 0o007:
        raise UsageError(
            f"the secret in {path} can be read by every user of the machine (mode {mode:04o})",
            hint=f"chmod 600 {path}",
        )
    return text.rstrip("\r\n")
