"""Segments at the end of append blobs, each once, whatever dies in between.

A segment goes up in blocks of whole commits. Before a block is sent, a note on the spool's disk
says at which place of which blob it will stand, and Azure takes it there or not at all. Whoever
finds the note again looks at that place: what stands there tells whether the block was taken.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from mainstem.store.append import MOST_BLOCK_BYTES, MOST_BLOCKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mainstem.store.account import Account

BLOCKS_A_BLOB = MOST_BLOCKS - 500
"""Several collectors may append to one blob, and each looks before it does."""
BLOCK_BYTES = MOST_BLOCK_BYTES // 8


@dataclass(frozen=True)
class Place:
    """Where a segment's block, counted from 0, stands or is about to."""

    block: int
    blob: str
    offset: int


class Appender:
    """Appends a class's segments; `notes` is a folder of its own on the spool's disk."""

    def __init__(
        self,
        account: Account,
        notes: Path,
        separator: str = "\n",
        blocks_a_blob: int = BLOCKS_A_BLOB,
    ) -> None:
        self._account = account
        self._notes = notes
        self._separator = separator.encode()
        self._blocks_a_blob = blocks_a_blob

    def put(self, seq: int, container: str, blob: str, pieces: Sequence[bytes]) -> None:
        """Append a segment's pieces to a blob or one that follows it, unless they are there.

        `seq` is the number of the segment's entry, by which a repeat knows what was done.
        """
        place = self._noted(seq)
        for number, block in enumerate(self._blocks(pieces)):
            if place is not None and number < place.block:
                continue
            if (
                place is not None
                and number == place.block
                and self._stands(place, container, block)
            ):
                continue
            place = self._append(seq, number, container, blob, block)

    def forget(self, seq: int) -> None:
        """Drop the notes of this entry and of those before it: the ledger has them."""
        for note in self._notes.glob("*.json"):
            if int(note.stem) <= seq:
                note.unlink(missing_ok=True)

    def _blocks(self, pieces: Sequence[bytes]) -> Iterator[bytes]:
        """Join pieces to blocks; they end where commits do, so that lines and frames stay whole."""
        block = bytearray()
        for piece in pieces:
            if block and len(block) + len(piece) > BLOCK_BYTES:
                yield self._separated(block)
                block = bytearray()
            block += piece
        if block:
            yield self._separated(block)

    def _separated(self, block: bytearray) -> bytes:
        # JSON has no line break within a line.
        return bytes(block).replace(b"\n", self._separator)

    def _stands(self, place: Place, container: str, block: bytes) -> bool:
        end = self._account.append_blobs(container).end(place.blob)
        if end is None or end.bytes < place.offset + len(block):
            return False
        read = self._account.container(container).read_range
        return read(place.blob, place.offset, len(block)) == block

    def _append(self, seq: int, number: int, container: str, blob: str, block: bytes) -> Place:
        blobs = self._account.append_blobs(container)
        follower = 0
        while True:
            name = _follower(blob, follower)
            end = blobs.end(name)
            if end is None:
                blobs.make(name)
                end = blobs.end(name)
            if end is not None and end.blocks >= self._blocks_a_blob:
                follower += 1
            elif end is not None:
                place = Place(number, name, end.bytes)
                self._note(seq, place)
                if blobs.append(name, block, end.bytes):
                    return place

    def _noted(self, seq: int) -> Place | None:
        try:
            text = self._note_of(seq).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        return Place(**json.loads(text))

    def _note(self, seq: int, place: Place) -> None:
        self._notes.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._notes / "draft"
        with draft.open("w", encoding="utf-8") as file:
            json.dump(asdict(place), file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._note_of(seq))
        for folder in (self._notes, self._notes.parent):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _note_of(self, seq: int) -> Path:
        return self._notes / f"{seq:012d}.json"


def _follower(blob: str, number: int) -> str:
    """Name the blob that goes on where another is full: `logs_10.json`, `logs_10_1.json`."""
    if not number:
        return blob
    folder, slash, file = blob.rpartition("/")
    stem, dot, extension = file.partition(".")
    return f"{folder}{slash}{stem}_{number}{dot}{extension}"
