"""Outlines by tree-sitter: one table a language, and what holds for any text however broken."""

from __future__ import annotations

import builtins
import gc
import sys
import tracemalloc
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tree_sitter import Parser

from tests.core.outline.languages import OUTLINES
from typethrough.core.outline import definitions, grammar, indentation
from typethrough.core.syntax import grammars

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tree_sitter import Tree

    from typethrough.core.outline.definition import Definition

LANGUAGES = (*OUTLINES, "javascriptreact")
WITHOUT = ("ruby", "lua", "markdown", "kotlin", "plaintext", "")


@pytest.mark.parametrize("language", OUTLINES)
def test_what_a_file_defines(language: str) -> None:
    text, outline = OUTLINES[language]

    assert rendered(definitions(text, language)) == outline


@pytest.mark.parametrize("language", OUTLINES)
def test_windows_line_ends_make_no_difference(language: str) -> None:
    text, outline = OUTLINES[language]

    assert rendered(definitions(text.replace("\n", "\r\n"), language)) == outline


@pytest.mark.parametrize("language", OUTLINES)
def test_a_file_that_is_cut_anywhere_still_has_an_outline(language: str) -> None:
    text, _ = OUTLINES[language]
    for end in range(0, len(text), 7):
        assert_sound(text[:end], definitions(text[:end], language))


def rendered(found: Sequence[Definition]) -> str:
    """An outline as one text: indented, documentation after `##`."""
    return "".join(f"{line}\n" for one in found for line in _lines(one))


def _lines(one: Definition) -> Iterator[str]:
    *decorators, last = one.signature.split("\n")
    for line in decorators:
        yield "    " * one.depth + line
    yield "    " * one.depth + last + (f"  ## {one.doc}" if one.doc else "")


def assert_sound(text: str, found: Sequence[Definition]) -> None:
    """What holds of any outline of any text."""
    line_count = text.count("\n") + 1
    depth = -1
    for one in found:
        assert 0 <= one.line <= one.last_line < line_count
        assert 0 <= one.depth <= depth + 1
        assert one.name
        assert one.signature
        assert "\n" not in one.doc
        assert not set(one.signature) & set("\x1e\x1f\r")
        depth = one.depth


_PIECES = {
    language: st.lists(
        st.sampled_from([*text.replace("\n", " \n ").split(" "),
                         "\n", "\r\n", "\t", "\0", "\udcff", "\x1e", "{", "}", "(", ")", '"'])
        .flatmap(lambda piece: st.sampled_from([piece, f"{piece} ", f"{piece}\n    "])),
        max_size=60,
    ).map("".join)
    for language, (text, _) in OUTLINES.items()
}  # fmt: skip


@given(data=st.data(), language=st.sampled_from(sorted(OUTLINES)))
def test_any_text_has_an_outline_that_lies_inside_it(data: st.DataObject, language: str) -> None:
    text = data.draw(_PIECES[language] | st.text())

    assert_sound(text, definitions(text, language))


def test_what_has_no_name_is_not_told() -> None:
    assert definitions("a,int;", "cpp") == []


# What made a parser, or a walk over its tree, slow or deep: seconds, or minutes, without an end to them.
_HOSTILE = {
    **{text: text * (60_000 // len(text)) for text in ("(", "[", "{", "x=[", "class A{", "if(x){", "else if(x){}", "f(a,")},
    **{text: text * (60_000 // len(text)) for text in ("import {", "template<", "a<", "lambda:", "@a\n", "/*", "'", "\t \n")},
    **{text: text * (60_000 // len(text)) for text in ("a ", "a.", "a+", "\0", "\udcff", "def f", "#define a\\\n", "`${")},
    "stars": "int " + "*" * 60_000 + "x;",
    "line": "a" * 1_000_000,
    "blocks": "\n".join(" " * depth + "if x:" for depth in range(300)),
    "classes": "\n".join(" " * depth + "class A:" for depth in range(300)),
}  # fmt: skip


@pytest.mark.parametrize("text", _HOSTILE.values(), ids=map(repr, _HOSTILE))
def test_a_text_made_to_be_slow_or_deep_is_given_up(text: str) -> None:
    for language in (*LANGUAGES, "ruby"):
        found = definitions(text, language, late_after(40))
        assert len(found) <= 1_000
        assert_sound(text, found)


def late_after(steps: int) -> Callable[[], bool]:
    asked = count()
    return lambda: next(asked) >= steps


def test_brackets_a_hundred_thousand_deep_end_without_a_clock_too() -> None:
    assert definitions("(" * 100_000, "python") == []


def test_a_text_is_not_kept_once_it_is_read() -> None:
    text = "x = 1  # some words\n" * 200
    definitions(text, "python")
    tracemalloc.start()
    try:
        for _ in range(20):
            definitions(text, "python")
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert kept < 5 * len(text)


def test_a_thousand_parses_leave_nothing_behind() -> None:
    language = grammars.grammar("python")
    assert language is not None
    parser, source = Parser(language), b"def f(a):\n    return a\n"

    def parse(times: int) -> None:
        for _ in range(times):
            tree = grammars.parsed(parser, source, lambda _: False)
            assert tree is not None
            assert tree.root_node.end_byte == len(source)

    parse(10)
    gc.collect()
    before = sys.getallocatedblocks()
    parse(1_000)
    gc.collect()
    assert sys.getallocatedblocks() - before < 500
    assert not any(grammars._BUFFERS)


def test_two_parses_at_a_time_do_not_read_each_others_text() -> None:
    language = grammars.grammar("python")
    assert language is not None
    inner: list[Tree | None] = []

    def in_between(_has_error: bool) -> bool:
        if not inner:
            inner.append(None)
            inner[0] = grammars.parsed(Parser(language), b"(" * 100, lambda _: False)
        return False

    source = b"def f(a):\n    return a\n" * 20_000
    tree = grammars.parsed(Parser(language), source, in_between)
    assert tree is not None
    assert not tree.root_node.has_error
    assert inner[0] is not None
    assert inner[0].root_node.has_error


def test_a_parse_that_is_late_leaves_the_outline_to_the_indentation() -> None:
    text = "class A:\n    def f(self):\n        pass\n" * 1_000

    assert definitions(text, "python", lambda: True) == indentation.definitions(text, "python")
    assert grammar.definitions(text, "python", late_after(2)) is None


def test_a_text_of_thousands_of_definitions_has_the_first_of_them() -> None:
    assert len(definitions("def f(): pass\n" * 5_000, "python")) == 800


def test_a_long_text_is_not_parsed() -> None:
    text = "class A:\n    def f(self): pass\n" + "# x\n" * 60_000

    assert rendered(definitions(text, "python")) == "class A:\n"


def test_a_signature_is_one_line_and_is_cut_where_it_crowds_out_others() -> None:
    (found,) = definitions("TABLE = [\n" + "    'some value',\n" * 1_000 + "]\n", "python")

    assert found.signature.startswith("TABLE = [ 'some value', 'some value',")
    assert len(found.signature) == 240
    assert (found.line, found.last_line) == (0, 1_001)


@pytest.mark.parametrize("language", WITHOUT)
def test_a_language_without_a_grammar_is_told_so(language: str) -> None:
    assert grammar.definitions("def f(): pass", language, late_after(100)) is None


@pytest.mark.parametrize("error", [ImportError, OSError, ValueError])
def test_a_grammar_that_cannot_be_had_makes_a_language_without_one(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    real = builtins.__import__

    def refusing(name: str, *arguments: Any) -> Any:
        if name == "tree_sitter_go":
            raise error
        return real(name, *arguments)

    grammars.grammar.cache_clear()
    monkeypatch.setattr(builtins, "__import__", refusing)
    try:
        assert grammar.definitions("func F() {}", "go", late_after(100)) is None
        assert [one.name for one in definitions("func F() {\n  return\n}", "go")] == ["F"]
    finally:
        grammars.grammar.cache_clear()
