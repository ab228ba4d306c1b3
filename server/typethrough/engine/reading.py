"""Decodes a file's bytes to text. Opens no files.

The first rule that applies decides:

1. With a byte order mark: UTF-8, UTF-16 or UTF-32, as it says.
2. With a NUL byte: the file is not a text.
3. If all bytes are valid UTF-8: UTF-8.
4. If the first kilobyte declares an encoding, that one: PEP 263's `coding`, Vim's `fileencoding`, `charset` in HTML and CSS,
   `encoding` in XML.
5. If there are nearly no control characters: Windows-1252, which the WHATWG's standard uses for Latin-1 too.
"""

from __future__ import annotations

import codecs
import re

from typethrough.core.document.cells import is_notebook, text_of_notebook

# UTF-32's little-endian mark begins with that of UTF-16, so UTF-32 comes first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED_BYTES = 1_024
_DECLARATION = re.compile(rb"(?i)(?:coding|charset)[ \t]*[:=]?[ \t]*[\"']?([a-z0-9][a-z0-9._-]{1,30})")
# Python knows these codecs too, but no file is written in them, and some take quadratic time.
_NO_CHARSETS = frozenset(("idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "utf-7"))
# What these names mean in practice (WHATWG, "Encoding", table of labels).
_MEANT = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
}
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b")) + b"\x7f"
_MOST_CONTROLS = 1 / 500


def text_of(path: str, raw: bytes) -> str | None:
    """The text of a file, or of a notebook's cells. None if the bytes are not a text, or not what the file's name says."""
    text = decode(raw)
    return text_of_notebook(text) if text is not None and is_notebook(path) else text


def decode(raw: bytes) -> str | None:
    """The text of a file's bytes, without a byte order mark. None if they are not a text."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return _decoded(raw[len(mark) :], encoding)
    if b"\0" in raw:
        return None
    if (text := _decoded(raw, "utf-8")) is not None:
        return text
    declared = (_charset(found) for found in _DECLARATION.finditer(raw[:_DECLARED_BYTES]))
    if encoding := next(filter(None, declared), ""):
        text = _decoded(raw, encoding)
        if text is not None:
            return text
    if len(raw) - len(raw.translate(None, _CONTROLS)) > len(raw) * _MOST_CONTROLS:
        return None
    # Windows-1252 does not define five bytes. For these, use Latin-1.
    return _decoded(raw, "cp1252") or raw.decode("latin-1")


def _charset(declaration: re.Match[bytes]) -> str:
    """Python's name for a declared charset. Empty if there is none, or if the declaration itself is not readable in it."""
    try:
        name = codecs.lookup(declaration[1].decode("ascii")).name
        name = _MEANT.get(name, name)
        if name in _NO_CHARSETS or declaration[0].decode(name) != declaration[0].decode("ascii"):
            return ""
    except (LookupError, UnicodeError):
        return ""
    return name


def _decoded(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeError:
        return None
