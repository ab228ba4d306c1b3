"""Lines of source text for the local lane: trimmed UTF-8, cut into tokens, hashed by context.

This module has the only definition of a token and of a context key. It is used when a line is indexed and when a cursor
asks. It knows nothing of files, addresses or probabilities.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple
from zlib import crc32

HASH_BITS: Final = 28
_HASH_MASK: Final = (1 << HASH_BITS) - 1
_STUB_BYTES: Final = 3
_LONGEST_LINE: Final = 400
# Every byte above 0x7f belongs to a word, so a word never ends inside a character.
_TOKEN: Final = re.compile(rb"[A-Za-z0-9_$\x80-\xff]+|[^\sA-Za-z0-9_$\x80-\xff]")
_WORD_BYTES: Final = bytes(byte for byte in range(256) if byte > 0x7F or chr(byte).isalnum()) + b"_$"
_LINE_START: Final = 1
_STUB: Final = 2


def trim(line: str) -> bytes:
    """A line as UTF-8 without outer blanks. Empty if it is too long to be hand-written."""
    return b"" if len(line) > _LONGEST_LINE else line.strip().encode("utf-8", "surrogatepass")


def is_word(byte: bytes) -> bool:
    """Whether a byte belongs to a word."""
    return byte.isalnum() or byte in (b"_", b"$") or byte >= b"\x80"


def line_keys(previous: bytes, line: bytes) -> list[tuple[int, int]]:
    """The ``(boundary, hash)`` pairs of a trimmed line. `previous` is the trimmed line before it.

    A boundary is the byte offset where a token has ended, or 0 for the start of the line. Each has a hash of the context
    before it. If a word of three bytes or more follows, there is a second hash, of the token before and the word's first three
    bytes.
    """
    before_line = crc32(previous)
    a, b, c = 0, 0, _LINE_START
    boundary = 0
    word_before = False
    count = 0
    keys = []
    for match in _TOKEN.finditer(line):
        token = match[0]
        start = match.start()
        if count == 0:
            keys.append((0, hash((before_line, _LINE_START)) & _HASH_MASK))
        elif not word_before or start > boundary:
            # With the cursor directly after a word, the context before the word is used, because the word may go on.
            keys.append((boundary, hash((a, b, c)) & _HASH_MASK))
            if count <= 2:
                keys.append((boundary, hash((before_line, a, b, c)) & _HASH_MASK))
        size = len(token)
        word_before = size > 1 or is_word(token)
        if size >= _STUB_BYTES:
            keys.append((boundary, hash((_STUB, c, crc32(token[:_STUB_BYTES]))) & _HASH_MASK))
        a, b, c = b, c, crc32(token)
        boundary = start + size
        count += 1
    if count and not word_before:
        # The end of a line is also evidence: it keeps the lane silent at the end of a finished line.
        keys.append((boundary, hash((a, b, c)) & _HASH_MASK))
    return keys


class Cursor(NamedTuple):
    """The text before a cursor: ``context`` up to the last boundary, ``partial`` after it, and the hashes of the context."""

    context: bytes
    partial: bytes
    hashes: tuple[int, ...]


def cursor_at(line_prefix: str, lines_before: Sequence[str], reach_bytes: int) -> Cursor:
    """The keys to look up at the end of ``line_prefix``; none if it is too long. The context is cut to ``reach_bytes``."""
    if len(line_prefix) > _LONGEST_LINE:
        return Cursor(b"", b"", ())
    prefix = line_prefix.lstrip().encode("utf-8", "surrogatepass")
    before_word = prefix.rstrip(_WORD_BYTES)
    word = prefix[len(before_word) :]
    known = before_word.rstrip()
    partial = prefix[len(known) :]
    context = known
    nearest = b""
    for line in map(trim, reversed(lines_before)):
        if line:
            nearest = nearest or line
            context = b"%b\n%b" % (line, context)
            if len(context) >= reach_bytes:
                break
    tokens = _TOKEN.findall(known)
    previous = crc32(nearest)
    a, b, c = (0, 0, _LINE_START, *map(crc32, tokens[-3:]))[-3:]
    hashes = []
    if not tokens:
        hashes.append(hash((previous, _LINE_START)) & _HASH_MASK)
    else:
        hashes.append(hash((a, b, c)) & _HASH_MASK)
        if len(tokens) <= 2:
            hashes.append(hash((previous, a, b, c)) & _HASH_MASK)
    if len(word) >= _STUB_BYTES:
        hashes.append(hash((_STUB, c, crc32(word[:_STUB_BYTES]))) & _HASH_MASK)
    return Cursor(context[-reach_bytes:], partial, tuple(hashes))
