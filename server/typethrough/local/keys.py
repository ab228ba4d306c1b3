"""Sorted arrays that map a context's hash to the addresses where the context occurs.

This module packs hash and address into eight bytes, and bounds the number of places per context. It does not know what an
address means.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from typing import Final

from typethrough.local.tokens import HASH_BITS

MAX_PER_HASH: Final = 48
_ADDRESS_BITS: Final = 64 - HASH_BITS
_ADDRESS_MASK: Final = (1 << _ADDRESS_BITS) - 1
_SHARD_BITS: Final = 12
_SHARD_SHIFT: Final = HASH_BITS - _SHARD_BITS


class KeyMap:
    """A multimap from context hashes to addresses. A key is ``hash << 36 | address``, in one of 4,096 sorted arrays.

    An entry takes eight bytes. Insertion, exact removal and look-up use bisection; a hash's newest address is last. A hash
    keeps only its newest 48 addresses, which bounds the time of a look-up. Addresses must be below 2**36.
    """

    def __init__(self) -> None:
        self._shards = [array("Q") for _ in range(1 << _SHARD_BITS)]
        self._entries = 0

    def __len__(self) -> int:
        return self._entries

    def insert(self, address: int, keys: list[tuple[int, int]]) -> None:
        """Add the ``(offset, hash)`` keys of a line. Its address must be above all others."""
        shards = self._shards
        for offset, context_hash in keys:
            shard = shards[context_hash >> _SHARD_SHIFT]
            key = (context_hash << _ADDRESS_BITS) + address + offset
            position = bisect_left(shard, key)
            shard.insert(position, key)
            oldest = position - MAX_PER_HASH
            if oldest >= 0 and shard[oldest] >> _ADDRESS_BITS == context_hash:
                del shard[oldest]
                self._entries -= 1
        self._entries += len(keys)

    def delete(self, address: int, keys: list[tuple[int, int]]) -> None:
        """Remove the keys of a line. Keys that newer ones have displaced are gone already."""
        for offset, context_hash in keys:
            shard = self._shards[context_hash >> _SHARD_SHIFT]
            key = (context_hash << _ADDRESS_BITS) + address + offset
            position = bisect_left(shard, key)
            if position < len(shard) and shard[position] == key:
                del shard[position]
                self._entries -= 1

    def addresses(self, context_hashes: Iterable[int]) -> list[int]:
        """The addresses for all these hashes, in ascending order, each once."""
        found: set[int] = set()
        for context_hash in context_hashes:
            shard = self._shards[context_hash >> _SHARD_SHIFT]
            low = context_hash << _ADDRESS_BITS
            first = bisect_left(shard, low)
            last = bisect_left(shard, low + _ADDRESS_MASK, first)
            found.update(key & _ADDRESS_MASK for key in shard[first:last])
        return sorted(found)
