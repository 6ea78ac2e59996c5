"""The memory that uploads share: one for all, given up to whoever still has it, and given back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import obstore
import pytest
from obstore.store import MemoryStore
from running import log_request, post, region_plane

from mainstem.collect.blob_memory import BlobMemory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mainstem import _core


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[_core.DataPlane]:
    with region_plane(tmp_path) as made:
        yield made


def sealed(plane: _core.DataPlane, *segments: tuple[str, ...]) -> list[_core.OutboxItem]:
    """Store requests, and give the segments that they became."""
    port = plane.start()["otlp"]["http"]
    for bodies in segments:
        for body in bodies:
            assert post(f"http://127.0.0.1:{port}/v1/logs", log_request(body)) == 200
        plane.seal()
    items = [plane.next_outbox(5)]
    while (last := items[-1]) is not None:
        items.append(plane.next_outbox(0, after=last.seq))
    return [item for item in items if item is not None and item.blob_name is not None]


def test_a_blob_is_held_in_the_same_memory_as_the_one_before(plane: _core.DataPlane) -> None:
    memory = BlobMemory()
    items = sealed(plane, ("one",), ("two", "three"), ("four",))
    assert len(items) == 3
    for item in items:
        with memory.holding(item) as blob:
            assert bytes(blob) == item.payload()
        pages = memory._pages
        assert pages is not None
        assert pages[: item.bytes] == item.payload()
    memory.rest()
    assert not pages.closed
    idle = BlobMemory(kept_s=0.0)
    with idle.holding(items[0]) as blob:
        assert bytes(blob) == items[0].payload()
    pages = idle._pages
    idle.rest()
    assert pages is not None
    assert pages.closed


def test_memory_that_somebody_still_has_is_theirs(plane: _core.DataPlane) -> None:
    memory = BlobMemory()
    first, second = sealed(plane, ("one",), ("two",))
    # This store keeps what it is given as it lies there, as a slow connection does for a while.
    store = MemoryStore()
    for item in (first, second):
        with memory.holding(item) as blob:
            obstore.put(store, str(item.blob_name), iter([blob]), use_multipart=False)
    for item in (first, second):
        assert obstore.get(store, str(item.blob_name)).bytes() == item.payload()


def test_memory_must_fit_the_blob(plane: _core.DataPlane) -> None:
    [item] = sealed(plane, ("one",))
    for wrong in (memoryview(bytearray(item.bytes - 1)), memoryview(bytes(item.bytes))):
        with pytest.raises((ValueError, BufferError), match=r"as long|read-only"):
            item.read_into(wrong)
