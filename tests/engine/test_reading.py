"""Which bytes are text, and in what encoding: the rule as a table, and that no bytes at all make it fail."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from typethrough.engine.reading import decode, text_of

_WORDS = "größe = 'naïve café'\n"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"", ""),
        (b"plain = 1\r\n", "plain = 1\r\n"),
        (_WORDS.encode(), _WORDS),
        (codecs.BOM_UTF8 + _WORDS.encode(), _WORDS),
        (codecs.BOM_UTF16_LE + _WORDS.encode("utf-16-le"), _WORDS),
        (codecs.BOM_UTF16_BE + _WORDS.encode("utf-16-be"), _WORDS),
        (codecs.BOM_UTF32_LE + _WORDS.encode("utf-32-le"), _WORDS),
        (codecs.BOM_UTF32_BE + _WORDS.encode("utf-32-be"), _WORDS),
        # A mark says what the bytes are; what they are not is no text.
        (codecs.BOM_UTF8 + b"caf\xe9", None),
        (codecs.BOM_UTF16_LE + b"odd", None),
        # No declaration: Windows-1252, whatever Latin-1 has at these places.
        (_WORDS.encode("latin-1"), _WORDS),
        ("“quoted” – 5 €\n".encode("cp1252"), "“quoted” – 5 €\n"),
        # A byte that Windows-1252 leaves open, as in a text from DOS, does not lose the file.
        (b"total = 1  # \x81ber\n", "total = 1  # \x81ber\n"),
        (b"# a form feed\x0c and an escape\x1b[0m are text: \xe9\n", "# a form feed\x0c and an escape\x1b[0m are text: é\n"),
    ],
)  # fmt: skip
def test_the_rule(raw: bytes, text: str | None) -> None:
    assert decode(raw) == text


@pytest.mark.parametrize(
    ("declaration", "charset", "text"),
    [
        ("# -*- coding: koi8-r -*-", "koi8-r", "привет"),
        ("# vim: set fileencoding=cp1251 :", "cp1251", "привет"),
        ('<meta charset="windows-1251">', "cp1251", "привет"),
        ("<meta content='text/html; charset=EUC-JP'>", "euc-jp", "日本語"),
        ('@charset "shift_jis";', "cp932", "日本語①"),
        ('<?xml version="1.0" encoding="GB2312"?>', "gb18030", "汉字镕"),
        ("# coding: latin-1", "cp1252", "5 € für alle"),
        ("# coding: iso-8859-15", "iso-8859-15", "5 € für alle"),
        # The first that names a charset counts.
        ("// coding standards: charset=iso-8859-2", "iso-8859-2", "źródło"),
    ],
)
def test_a_declaration_is_believed(declaration: str, charset: str, text: str) -> None:
    whole = f"{declaration}\n{text}\n"
    assert decode(whole.encode(charset)) == whole


@pytest.mark.parametrize(
    "declaration",
    # Not charsets of files, not charsets at all, and two that the declaration itself is not written in.
    ["punycode", "unicode_escape", "rot13", "zlib", "unheard-of", "..", "utf-16", "cp500", "utf-8"],
)
def test_a_declaration_that_cannot_be_true_is_passed_over(declaration: str) -> None:
    whole = f"# coding: {declaration}\nname = 'café \\x41'\n"
    assert decode(whole.encode("latin-1")) == whole


def test_valid_utf_8_is_never_read_as_what_is_declared() -> None:
    whole = "# coding: latin-1\nname = 'café'\n"
    assert decode(whole.encode()) == whole


@pytest.mark.parametrize(
    "raw",
    [
        b"text\0more",
        b"\x7fELF\x02\x01\x01" + bytes(64),
        # Compressed data has no NUL in its first bytes, but controls all over.
        bytes(1 + (7 * n * n + n) % 255 for n in range(500)),
        b"\x89PNG\r\n\x1a\n\x01\x02\x03" * 20,
    ],
)
def test_what_is_no_text(raw: bytes) -> None:
    assert decode(raw) is None


def test_of_a_notebook_only_the_cells_are_text() -> None:
    raw = b'{"cells": [{"cell_type": "code", "source": ["x = 1"], "outputs": [{"text": "OUTPUT"}]}]}'
    assert text_of("/project/book.ipynb", raw) == "# %%\nx = 1\n"
    assert text_of("/project/book.json", raw) == raw.decode()
    assert text_of("/project/book.ipynb", b"x = 1") is None


@given(st.binary(max_size=300), st.sampled_from([b"", b"# coding: ", b"charset="]))
def test_any_bytes_are_text_or_not_and_nothing_else(raw: bytes, before: bytes) -> None:
    text = decode(before + raw)
    assert text is None or isinstance(text, str)


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_what_was_written_as_utf_8_is_read_as_it_was(text: str) -> None:
    assert decode(text.encode()) == text.removeprefix("\ufeff")
