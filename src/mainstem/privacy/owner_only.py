"""Files for their owner alone, written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mainstem.errors import Transient, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator


def read_secret(path: Path) -> str:
    """Read a key file; UsageError where others can read it or it cannot be read."""
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
    return text


def put_secret(path: Path, text: str) -> None:
    """Write a key file in the place of what is there; Transient where it cannot be written."""
    try:
        with _beside(path, text) as temporary:
            temporary.replace(path)
    except OSError as error:
        raise Transient(f"key file {path} cannot be written: {error.strerror}") from None


def create_secret(path: Path, text: str) -> None:
    """Write a key file where there is none; of two processes that do, the first one's counts."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # A link fails where another process was first: its key counts.
        with _beside(path, text) as temporary, contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    except OSError as error:
        raise Transient(f"key file {path} cannot be made: {error.strerror}") from None


@contextlib.contextmanager
def _beside(path: Path, text: str) -> Iterator[Path]:
    """Write a file that lasts beside a path, for its owner alone; it is gone in the end."""
    # mkstemp gives mode 0600 from the first moment on.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".key-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)
