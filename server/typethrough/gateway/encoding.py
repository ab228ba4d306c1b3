"""Decodes the content encoding of an answer. Pure.

We ask for none, but some gateways compress anyway, or name a wrong encoding. This module does not know what the bytes mean.
"""

from __future__ import annotations

import zlib

from typethrough.core.outcome.faults import Fault
from typethrough.engine.ports import GatewayProtocolError

# The standard library cannot decode these.
_UNREADABLE = frozenset({"br", "compress", "x-compress", "dcb", "dcz", "zstd"})
_GZIP = b"\x1f\x8b"
# Deflated bytes have no magic number. If this many bytes are all text, the body is a text.
_HEAD_BYTES = 6
# zlib's constants: accept a gzip or zlib header, and no header.
_ANY_HEADER_BITS = 32 + zlib.MAX_WBITS
_NO_HEADER_BITS = -zlib.MAX_WBITS
_BLANKS = str.maketrans("\r\n\t", "   ")
# A few compressed bytes may become very many. A correct piece of an answer is never this long.
_MOST_BYTES = 4 * 1024 * 1024


class Unpacker:
    """Decodes one body, in any pieces. How the bytes look counts more than what the header says."""

    def __init__(self, encodings: set[str]) -> None:
        self._is_deflate = "deflate" in encodings
        self._head = b""
        self._is_plain = False
        self._inflate = zlib.decompressobj(_ANY_HEADER_BITS)
        self._began = False

    def feed(self, chunk: bytes) -> bytes:
        """The decoded bytes of a piece. Raises GatewayProtocolError."""
        if self._is_plain:
            return chunk
        if not self._began:
            chunk = self._head = self._head + chunk
            if len(chunk) < (_HEAD_BYTES if self._is_deflate else len(_GZIP)):
                return b""
            self._began = True
            if not chunk.startswith(_GZIP) and not self._begins_deflated(chunk):
                self._is_plain = True
                return chunk
        try:
            return self._inflated(chunk)
        except zlib.error:
            raise unreadable("its compression is broken") from None

    def _begins_deflated(self, head: bytes) -> bool:
        if not self._is_deflate:
            return False
        if head[0] & 0x0F == zlib.DEFLATED and int.from_bytes(head[:2], "big") % 31 == 0:
            return True
        # Some servers omit the header.
        self._inflate = zlib.decompressobj(_NO_HEADER_BITS)
        begin = head[:_HEAD_BYTES]
        return not (begin.isascii() and begin.decode("ascii").translate(_BLANKS).isprintable())

    def _inflated(self, chunk: bytes) -> bytes:
        text = b""
        while chunk:
            text += self._inflate.decompress(chunk, _MOST_BYTES + 1 - len(text))
            if len(text) > _MOST_BYTES:
                raise unreadable("its compressed text is too large")
            if not self._inflate.eof:
                return text
            # Several compressed parts in sequence are one body.
            chunk = self._inflate.unused_data
            self._inflate = zlib.decompressobj(_ANY_HEADER_BITS)
        return text


def unpacker_for(header: str) -> Unpacker | None:
    """The decoder for a body with this `Content-Encoding`, or None if none is needed. Raises GatewayProtocolError."""
    encodings = {name.strip().lower() for name in header.split(",")} - {"", "identity"}
    if not encodings:
        return None
    if encodings & _UNREADABLE:
        raise unreadable("it is compressed although it was asked not to be")
    return Unpacker(encodings)


def unreadable(what: str) -> GatewayProtocolError:
    """The error for an answer that cannot be read. `what` says what is wrong with it, as the end of a sentence."""
    return GatewayProtocolError(Fault.NOT_UNDERSTOOD.says(what=what), fault=Fault.NOT_UNDERSTOOD)
