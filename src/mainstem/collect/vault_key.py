"""A region's key that lies in a key vault, for a collector whose disk does not last.

The core reads a key from a file. This one is in memory and nowhere else, and its name is the open
file of this process: https://man7.org/linux/man-pages/man2/memfd_create.2.html
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mainstem.errors import UsageError
from mainstem.store.keyvault import PREFIX, VaultEnvironment

if TYPE_CHECKING:
    from mainstem.collect.site import Site

_files: dict[str, int] = {}


def with_key_at_hand(site: Site) -> Site:
    """Fetch the key from the vault where it lies in one; a site whose key is a file stays.

    Called again it takes a key that was rotated in the vault meanwhile. UsageError says why the
    vault does not give it, and never quotes it.
    """
    place = str(site.key)
    if not place.startswith(PREFIX):
        return site
    if not hasattr(os, "memfd_create"):
        raise UsageError(f"a key from a vault ({place}) is kept in memory as Linux alone can")
    try:
        text = VaultEnvironment()[place]
    except KeyError as error:
        raise UsageError(
            f"the key {place} is {error.args[0]}",
            hint="The secret is the line of a key file: `mainstem key new PATH` makes one. The "
            "identity needs to read secrets of that vault.",
        ) from None
    if place not in _files:
        _files[place] = os.memfd_create("mainstem-key")
        os.fchmod(_files[place], 0o600)
    os.ftruncate(_files[place], 0)
    os.pwrite(_files[place], f"{text.strip()}\n".encode("ascii", "replace"), 0)
    return replace(site, key=Path(f"/proc/{os.getpid()}/fd/{_files[place]}"))
