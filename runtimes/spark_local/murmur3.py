"""MurmurHash3 (x86, 32 bits) as Spark's hashing stages use it, with their seed.

Spark's `org/apache/spark/unsafe/hash/Murmur3_x86_32.java`, 4.3. Text is hashed as UTF-8, a whole number as a bigint of
64 bits, a double by its bits. Before Spark 3, HashingTF mixed each byte behind the last whole word as a block of its
own, with its sign: another hash, which models saved then still need.
"""

from __future__ import annotations

import math
import struct

SEED = 42
_MASK = 0xFFFF_FFFF
_MOST_KEPT = 2**16
_LONGEST_KEPT = 64
_NAN = struct.pack("<q", 0x7FF8_0000_0000_0000)


def hash_text(text: str, *, before_3: bool = False) -> int:
    """The unsigned hash of a text; a surrogate without its other half counts as "?", as Java encodes it."""
    data = text.encode("utf-8", "replace")
    n_bytes = len(data)
    n_whole = n_bytes & ~3
    state = _mixed(SEED, data[:n_whole])
    if before_3:
        for byte in data[n_whole:]:
            state = _with_block(state, _scrambled(byte - 256 if byte > 127 else byte))
    else:
        state ^= _scrambled(int.from_bytes(data[n_whole:], "little"))
    return _finished(state, n_bytes)


def hash_value(value: float | None) -> int:
    """The unsigned hash of a boolean, a whole number of 64 bits, a double or a null, which is the seed itself."""
    if value is None:
        return SEED
    if isinstance(value, bool):
        return _finished(_mixed(SEED, struct.pack("<i", value)), 4)
    if isinstance(value, int):
        return _finished(_mixed(SEED, struct.pack("<q", value)), 8)
    return _finished(_mixed(SEED, _NAN if math.isnan(value) else struct.pack("<d", value)), 8)


def bucket(hashed: int, n: int) -> int:
    """Which of `n` buckets an unsigned hash falls into: the remainder of the signed one, made non-negative."""
    return (hashed - 0x1_0000_0000 if hashed > 0x7FFF_FFFF else hashed) % n


class Buckets(dict[str, int]):
    """Which of `n` buckets each text falls into: worked out when first asked for, and kept unless the text is long."""

    def __init__(self, n: int, *, before_3: bool = False) -> None:
        super().__init__()
        self._n = n
        self._before_3 = before_3

    def __missing__(self, text: str) -> int:
        found = bucket(hash_text(text, before_3=self._before_3), self._n)
        if len(text) <= _LONGEST_KEPT:
            if len(self) >= _MOST_KEPT:
                self.clear()
            self[text] = found
        return found


def _mixed(state: int, data: bytes) -> int:
    """The state after `data`, whose length is a multiple of 4."""
    for (word,) in struct.iter_unpack("<I", data):
        state = _with_block(state, _scrambled(word))
    return state


def _scrambled(word: int) -> int:
    word = (word * 0xCC9E2D51) & _MASK
    word = (word << 15 | word >> 17) & _MASK
    return (word * 0x1B873593) & _MASK


def _with_block(state: int, scrambled: int) -> int:
    state ^= scrambled
    state = (state << 13 | state >> 19) & _MASK
    return (state * 5 + 0xE6546B64) & _MASK


def _finished(state: int, n_bytes: int) -> int:
    state ^= n_bytes
    state = ((state ^ state >> 16) * 0x85EBCA6B) & _MASK
    state = ((state ^ state >> 13) * 0xC2B2AE35) & _MASK
    return state ^ state >> 16
