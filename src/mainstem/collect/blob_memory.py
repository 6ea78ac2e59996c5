"""Memory for one blob at a time, kept from one upload to the next.

Where each upload takes its memory anew, the system has to find and clear as many pages each time:
an eighth of all that a collector spends on blobs that are not compressed. So it is kept while one
upload follows another, and given back when none has come for a while.
"""

from __future__ import annotations

import mmap
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mainstem._core import OutboxItem

STEP_BYTES = 1 << 20
KEPT_S = 10.0
"""A collector at work fills a segment sooner."""


class BlobMemory:
    """For one thread; memory that no blob has needed for `kept_s` is not kept."""

    def __init__(self, kept_s: float = KEPT_S) -> None:
        self._pages: mmap.mmap | None = None
        self._kept_s = kept_s
        self._used = 0.0

    @contextmanager
    def holding(self, item: OutboxItem) -> Iterator[memoryview]:
        """Hold an entry's blob, within the block; raises as its `pieces`."""
        if self._pages is None or len(self._pages) < item.bytes:
            self._give_back()
            self._pages = mmap.mmap(-1, (item.bytes // STEP_BYTES + 1) * STEP_BYTES)
        whole = memoryview(self._pages)
        blob = whole[: item.bytes]
        try:
            item.read_into(blob)
            yield blob
        finally:
            try:
                blob.release()
                whole.release()
            except BufferError:
                # Somebody has them still: a connection that was given up may be sending from them,
                # and must not come to send the next blob's bytes. They go with their last user.
                self._pages = None
            self._used = time.monotonic()

    def rest(self) -> None:
        """Say that no blob waits now."""
        if time.monotonic() - self._used >= self._kept_s:
            self._give_back()

    def _give_back(self) -> None:
        if self._pages is not None:
            self._pages.close()
            self._pages = None
