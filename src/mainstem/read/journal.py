"""Who read in a region, when, and what was asked: one object a read, in the region itself.

It is written before anything is read, so that there is no read without it.
"""

from __future__ import annotations

import getpass
import json
import secrets
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mainstem.store import READS, ContainerMissing, StoreRefused

if TYPE_CHECKING:
    from mainstem.read.filters import Filter
    from mainstem.store import Account

FORMAT = "mainstem.read/1"


def note_read(account: Account, region: str, asked: dict[str, str], wanted: Filter) -> None:
    """Write down a read; StoreRefused where the store does not let it be written.

    `asked` is the filter as it may be kept: `Filter.described` without personal data.
    """
    at = datetime.now(UTC)
    note = {
        "format": FORMAT,
        "at": at.isoformat(),
        "region": region,
        "user": _user(),
        "host": socket.gethostname(),
        "signal": wanted.signal.value,
        "filter": asked,
    }
    name = f"{at:%Y/%m/%d/%H%M%S%f}-{secrets.token_hex(4)}.json"
    try:
        account.ensure_container(READS)
        account.container(READS).create(name, json.dumps(note).encode())
    except (StoreRefused, ContainerMissing) as error:
        raise StoreRefused(
            f"{account.label}: each read is written down in the container {READS}; that is refused",
            hint=f"Give the identity a role that may write to {READS}; nothing was read. "
            f"({error.message})",
        ) from None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
