"""Read blobs from their store, whole or piece by piece, and compare them with their entries."""

from __future__ import annotations

import hashlib
import struct
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from mainstem.store import ObjectMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from mainstem._core import BlobStream
    from mainstem.load.plan import ListedBlob, OwnBlob
    from mainstem.store import Container, ObjectInfo
    from mainstem.warehouse.spark import Task

LINE = struct.Struct("<16sQ")
"""One line's place in `.lines`: the request's digest, and its receipt in nanoseconds since 1970."""
AHEAD = 2
"""Blobs read from the store while one is loaded."""
WHOLE = 64 * 1024 * 1024
"""Bytes up to which a blob is held in memory, and so known by its hash before a row of it is made:
twice what a segment has by default."""
PIECE = 8 * 1024 * 1024

T = TypeVar("T")


class BlobReplaced(Exception):
    """A blob was written anew, or went, while it was read piece by piece."""


class Content:
    """A blob's bytes, read from the store piece by piece each time that they are asked for."""

    def __init__(self, container: Container, info: ObjectInfo) -> None:
        self.size = info.bytes
        self._container = container
        self._info = info
        self._sha256: str | None = None

    @property
    def sha256(self) -> str:
        """The blob's SHA-256; it is read for this unless it was read before."""
        if self._sha256 is None:
            for _ in self.pieces():
                pass
        assert self._sha256 is not None, "known once the pieces are read"
        return self._sha256

    def pieces(self) -> Iterator[bytes]:
        """Read the blob as far as it went when it was found.

        BlobReplaced at the end where that is not what was there all the while. A blob that was only
        appended to meanwhile is.
        """
        digest = hashlib.sha256()
        for piece in self._ranges():
            digest.update(piece)
            yield piece
        found = digest.hexdigest()
        if self._sha256 is None and self._is_another():
            again = hashlib.sha256()
            for piece in self._ranges():
                again.update(piece)
            self._sha256 = again.hexdigest()
        if self._sha256 not in (None, found):
            raise BlobReplaced
        self._sha256 = found

    def _ranges(self) -> Iterator[bytes]:
        for start in range(0, self.size, PIECE):
            length = min(PIECE, self.size - start)
            try:
                yield self._container.read_range(self._info.name, start, length)
            except ObjectMissing:
                raise BlobReplaced from None

    def _is_another(self) -> bool:
        info = self._container.head(self._info.name)
        return info is None or info.etag != self._info.etag


class HeldContent:
    """A blob's bytes, in memory."""

    def __init__(self, data: bytes) -> None:
        self.size = len(data)
        self.sha256 = hashlib.sha256(data).hexdigest()
        self._data = data

    def pieces(self) -> Iterator[bytes]:
        """Give all bytes at once."""
        yield self._data


@dataclass(frozen=True)
class Fetched:
    """A blob as it is in the store; `problem` is a quarantine code, if any.

    `rows` are those of all its lines, if decoding them was begun while it waited to be loaded.
    """

    content: Content | HeldContent
    etag: str | None
    lines: bytes = b""
    problem: str | None = None
    rows: BlobStream | None = None

    @property
    def sha256(self) -> str:
        """The content's SHA-256 in lower-case hex."""
        return self.content.sha256


def fetch_own(blob: OwnBlob) -> Fetched | None:
    """Read one of our blobs and its `.lines`; None where either is not there (yet)."""
    origin = blob.origin
    try:
        content, etag = _content(origin.holding(blob.container), blob.name)
        lines = origin.ledger.read(blob.lines_name)
    except (ObjectMissing, BlobReplaced):
        return None
    return Fetched(content, etag, lines, unlike_entry(blob, content.sha256, lines))


def unlike_entry(told: OwnBlob | Task, sha256: str, lines: bytes) -> str | None:
    """Say what of one of our blobs is not as its entry says, in a quarantine's code."""
    if sha256 != told.sha256:
        return "blob_differs_from_its_entry"
    if hashlib.sha256(lines).hexdigest() != told.lines_sha256:
        return "lines_differ_from_their_entry"
    if len(lines) != LINE.size * (told.lines or 0):
        return "lines_are_not_as_many_as_the_entry_says"
    return None


def fetch_listed(blob: ListedBlob) -> Fetched | None:
    """Read a blob that a listing showed; None where it has gone since."""
    try:
        content, etag = _content(blob.origin.account.container(blob.container), blob.name)
    except ObjectMissing:
        return None
    return Fetched(content, etag)


def _content(container: Container, name: str) -> tuple[Content | HeldContent, str | None]:
    """Read a blob, or find one that is too big to be held."""
    info, data = container.fetch_within(name, WHOLE)
    return Content(container, info) if data is None else HeldContent(data), info.etag


def read_ahead(
    wanted: list[T], fetch: Callable[[T], Fetched | None]
) -> Generator[tuple[T, Fetched]]:
    """Read blobs in other threads, in order, a few ahead; what is not there is left out."""
    with ThreadPoolExecutor(AHEAD) as readers:
        waiting: deque[tuple[T, Future[Fetched | None]]] = deque()
        for item in wanted:
            waiting.append((item, readers.submit(fetch, item)))
            if len(waiting) > AHEAD:
                yield from _present(waiting.popleft())
        while waiting:
            yield from _present(waiting.popleft())


def _present(read: tuple[T, Future[Fetched | None]]) -> Iterator[tuple[T, Fetched]]:
    item, future = read
    got = future.result()
    if got is not None:
        yield item, got
