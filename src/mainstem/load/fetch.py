"""Read blobs from their store and compare them with what their ledger entries say."""

from __future__ import annotations

import hashlib
import struct
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from mainstem.store import LEDGER, ObjectMissing, central_container

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mainstem.load.plan import ListedBlob, OwnBlob

LINE = struct.Struct("<16sQ")
"""One line's place in `.lines`: the request's digest, and its receipt in nanoseconds since 1970."""
AHEAD = 2
"""Blobs read from the store while one is loaded."""

T = TypeVar("T")


@dataclass(frozen=True)
class Fetched:
    """A blob's bytes as they came from the store; `problem` is a quarantine code, if any."""

    data: bytes
    sha256: str
    etag: str | None
    lines: bytes = b""
    problem: str | None = None


def fetch_own(blob: OwnBlob) -> Fetched | None:
    """Read one of our blobs and its `.lines`; None where either is not there (yet)."""
    origin = blob.origin
    ledger = LEDGER if origin.at_home else central_container(origin.region.name, LEDGER)
    try:
        info, data = origin.holding(blob.container).fetch(blob.name)
        lines = origin.account.container(ledger).read(blob.lines_name)
    except ObjectMissing:
        return None
    sha256 = hashlib.sha256(data).hexdigest()
    problem = None
    if sha256 != blob.sha256:
        problem = "blob_differs_from_its_entry"
    elif hashlib.sha256(lines).hexdigest() != blob.lines_sha256:
        problem = "lines_differ_from_their_entry"
    elif len(lines) != LINE.size * blob.lines:
        problem = "lines_are_not_as_many_as_the_entry_says"
    return Fetched(data, sha256, info.etag, lines, problem)


def fetch_listed(blob: ListedBlob) -> Fetched | None:
    """Read a blob that a listing showed; None where it has gone since."""
    try:
        info, data = blob.origin.account.container(blob.container).fetch(blob.name)
    except ObjectMissing:
        return None
    return Fetched(data, hashlib.sha256(data).hexdigest(), info.etag)


def read_ahead(
    wanted: list[T], fetch: Callable[[T], Fetched | None]
) -> Iterator[tuple[T, Fetched]]:
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
