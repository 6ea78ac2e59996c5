"""BLAKE3 of up to 64 bytes, after its paper: what record ids are made with."""

from __future__ import annotations

import struct

IV = (
    0x6A09E667,
    0xBB67AE85,
    0x3C6EF372,
    0xA54FF53A,
    0x510E527F,
    0x9B05688C,
    0x1F83D9AB,
    0x5BE0CD19,
)
PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
CHUNK_START, CHUNK_END, ROOT = 1, 2, 8
MASK = 0xFFFFFFFF


def blake3(data: bytes) -> bytes:
    """Give the 32 bytes of the hash of one block."""
    assert len(data) <= 64
    words = list(struct.unpack("<16I", data.ljust(64, b"\0")))
    flags = CHUNK_START | CHUNK_END | ROOT
    state = [*IV, *IV[:4], 0, 0, len(data), flags]
    for turn in range(7):
        if turn:
            words = [words[index] for index in PERMUTATION]
        _round(state, words)
    return struct.pack("<8I", *(state[index] ^ state[index + 8] for index in range(8)))


def _round(state: list[int], words: list[int]) -> None:
    for column in range(4):
        _mix(state, [column + 4 * row for row in range(4)], *words[2 * column : 2 * column + 2])
    for column in range(4):
        diagonal = [(column + row) % 4 + 4 * row for row in range(4)]
        _mix(state, diagonal, *words[2 * column + 8 : 2 * column + 10])


def _mix(state: list[int], places: list[int], x: int, y: int) -> None:
    a, b, c, d = (state[place] for place in places)
    for word, first, second in ((x, 16, 12), (y, 8, 7)):
        a = (a + b + word) & MASK
        d = _rotate(d ^ a, first)
        c = (c + d) & MASK
        b = _rotate(b ^ c, second)
    for place, value in zip(places, (a, b, c, d), strict=True):
        state[place] = value


def _rotate(word: int, bits: int) -> int:
    return (word >> bits | word << (32 - bits)) & MASK
