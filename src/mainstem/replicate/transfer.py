"""One object's way from a region to the centre, and how it is known to have arrived whole.

Between two Azure accounts the centre's fetches it from the region's; elsewhere, or where it may
not, the bytes pass through this process. Either way what stands at the centre is hashed.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mainstem.errors import DataError
from mainstem.store import ContentConflict, ObjectMissing, ServerCopy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mainstem.replicate.plan import ForeignBlob
    from mainstem.store import Account, Container

PIECE_BYTES = 8 * 1024 * 1024
WHOLE_BYTES = 32 * 1024 * 1024
"""Up to this size a blob is held whole; a larger one passes in pieces."""


@dataclass(frozen=True)
class Copied:
    """One object that stands at the centre and is what it should be."""

    container: str
    name: str
    bytes: int
    sha256: str


class NotAsCommitted(DataError):
    """A source is not what its ledger entry says."""


class Transfer:
    """Copies from one account to another; safe to use from several threads."""

    def __init__(self, source: Account, target: Account) -> None:
        self._source = source
        self._target = target
        self._lock = threading.Lock()
        self._refused = False
        self.by_store = 0
        self.through_here = 0

    def copy(self, container: str, name: str, size: int, sha256: str, to: Container) -> None:
        """Copy an object whose content is known.

        ObjectMissing where there is none, NotAsCommitted where it is another, and ContentConflict
        where another stands at the centre already.
        """
        outcome = self._server_copy(container, name, size, to)
        if outcome in (ServerCopy.REFUSED, ServerCopy.FAILED):
            data = self._source.container(container).read(name)
            if hashlib.sha256(data).hexdigest() != sha256:
                raise NotAsCommitted(_differs(container, name))
            to.create(name, data, sha256)
            self._count(server=False)
            return
        if digest(to, name) != sha256:
            if outcome is ServerCopy.EXISTS:
                raise ContentConflict(
                    f"{to.label}: {to.name}/{name} holds another content; nothing was overwritten"
                )
            to.remove(name)
            raise NotAsCommitted(_differs(container, name))
        self._count(server=True)

    def copy_foreign(self, blob: ForeignBlob, to: Container) -> Copied | None:
        """Copy a blob of another exporter; None where the centre has the same."""
        source = self._source.container(blob.container)
        if blob.bytes > WHOLE_BYTES:
            return self._copy_large(source, blob, to)
        data = source.read(blob.name)
        sha256 = hashlib.sha256(data).hexdigest()
        try:
            if not to.create(blob.name, data, sha256):
                return None
        except ContentConflict:
            to.replace(blob.name, data)
        self._count(server=False)
        return Copied(blob.container, blob.name, len(data), sha256)

    def _copy_large(self, source: Container, blob: ForeignBlob, to: Container) -> Copied | None:
        # Twice over the source, if there is a copy: memory is dearer than that.
        if blob.replaces and same_content(source, to, blob.name):
            return None
        hashing = hashlib.sha256()
        size = 0

        def pieces() -> Iterator[bytes]:
            nonlocal size
            for piece in source.pieces(blob.name, PIECE_BYTES):
                hashing.update(piece)
                size += len(piece)
                yield piece

        to.replace_by_pieces(blob.name, pieces())
        self._count(server=False)
        return Copied(blob.container, blob.name, size, hashing.hexdigest())

    def _server_copy(self, container: str, name: str, size: int, to: Container) -> ServerCopy:
        if self._refused:
            return ServerCopy.REFUSED
        outcome = self._target.copy_from(self._source, container, name, size, to.name)
        if outcome is ServerCopy.REFUSED:
            # Credentials and firewalls are the same for the next one.
            self._refused = True
        return outcome

    def _count(self, *, server: bool) -> None:
        with self._lock:
            self.by_store += server
            self.through_here += not server


def digest(container: Container, name: str) -> str:
    """Give an object's SHA-256 in hex, without holding it whole."""
    hashing = hashlib.sha256()
    for piece in container.pieces(name, PIECE_BYTES):
        hashing.update(piece)
    return hashing.hexdigest()


def arrived(container: Container, name: str, sha256: str) -> bool:
    """Tell whether Azure has brought an object; ContentConflict where it is another one."""
    try:
        found = digest(container, name)
    except ObjectMissing:
        return False
    if found != sha256:
        raise ContentConflict(
            f"{container.label}: {container.name}/{name} is not what its ledger entry says"
        )
    return True


def same_content(source: Container, copy: Container, name: str) -> bool:
    """Tell whether a copy is what the source has now; both are read."""
    try:
        return digest(source, name) == digest(copy, name)
    except ObjectMissing:
        return False


def _differs(container: str, name: str) -> str:
    return f"{container}/{name} is not what its ledger entry says: not copied"
