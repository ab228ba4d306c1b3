"""What a grammar says to a text: right code passes whatever is around it, and what breaks the code does not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.cursor import parse
from typethrough.core.document.document import snapshot_of
from typethrough.core.document.view import View
from typethrough.core.filters import Refused, fitted
from typethrough.core.outcome.causes import Cause
from typethrough.core.syntax.syntax import Syntax

_PYTHON = "def area(width, height):\n    $0\n\n\ndef box(width):\n    return area(width, width)\n"
_JS = "function area(width, height) {\n  $0\n}\n\nfunction box(width) {\n  return area(width, width);\n}\n"
_GO = "package a\n\nfunc area(width int) int {\n\t$0\n}\n\nfunc box() {}\n"
_RUST = "fn area(width: u32) -> u32 {\n    $0\n}\n\nfn other() {}\n"
_JAVA = "class Shape {\n    int area(int width) {\n        $0\n    }\n}\n"
_C = "int area(int width)\n{\n    $0\n}\n\nint box(void)\n{\n    return 1;\n}\n"
_CPP = "int area(int width) {\n    $0\n}\n\nclass Box {};\n"
_TSX = "function App() {\n  return <p>{$0}</p>;\n}\n"

_RIGHT = [
    ("python", _PYTHON, "return width * height"),
    ("python", _PYTHON, "if width:"),
    ("python", _PYTHON, "if width:\n        return height\n    return 0"),
    ("python", _PYTHON, "return max(\n        width,"),
    ("python", _PYTHON, 'text = "the sides of '),
    ("python", _PYTHON, "try:\n        return width"),
    ("python", _PYTHON, "# a comment ("),
    ("python", "class A:\n    a = 1\n\n    $0\n\n\nclass B:\n    pass\n", "@property"),
    ("python", _PYTHON, "return sum(a for a, b "),
    ("java", "class A {\n    $0\n\n    int b;\n}\n", "@Override"),
    ("rust", "fn a() {}\n\n$0\n", "#[test]"),
    ("rust", "/// asy$0er(a) -> i64 {\nfn a() {}\n", "nc fn sum(b: it"),
    ("python", "def f(a):\n    x = foo($0\n    return x\n", "a, 1)"),
    ("python", "def f(a):\n    x = foo($0)\n    return x\n", "a, 1"),
    ("python", 'def f():\n    """Tell $0', "what it is (and more"),
    ("python", 'x = "$0\n', '""A text."""'),
    ("javascript", _JS, "if (width) {"),
    ("javascript", _JS, "return [1, 2].map((one) => {"),
    ("javascript", _JS, "try {"),
    ("javascript", _JS, "return width\n    ? 1"),
    ("javascript", "const text = `a ${$0} b`;\n", 'items.join(", ")'),
    ("javascript", "const a = {\n  $0\n};\n", "b: 1,"),
    ("javascript", "function f() {\n  g(function () {$0\n", "\n    h();\n  });\n}"),
    ("typescript", "interface A {\n  $0\n}\n", "b: Map<string, number>;"),
    ("typescriptreact", _TSX, "items.map((one) => <b>{one}</b>)"),
    ("go", _GO, "if width > 3 {"),
    ("go", _GO, "for i := range 3 {\n\t\tfmt.Println(i)\n\t}"),
    ("go", "package a\n\ntype (\n\t$0", "Response struct {\n\t\techo *Echo"),
    ("rust", _RUST, "match width {"),
    ("rust", "struct A {\n    $0\n}\n", "#[serde(default)]"),
    ("java", _JAVA, "do {"),
    ("java", _JAVA, "return width;"),
    ("c", _C, "if (width)"),
    ("c", _C, "FOREACH_SIDE(width) {"),
    ("c", "#ifdef A\nint a;\n$0\n", "#else\nint b;"),
    ("cpp", _CPP, "std::vector<int> a;"),
    ("ruby", "def a\n  $0\nend\n", "foo))"),
]
_WRONG = [
    ("python", _PYTHON, "return max(width)) + height"),
    ("python", _PYTHON, "return [width, height" + ")"),
    ("python", _PYTHON, "This multiplies the sides"),
    ("python", _PYTHON, "if width:\n        return 1\n      return 2"),
    ("python", _PYTHON, "total = width\n        return total"),
    ("python", _PYTHON, "if width:\n    return 1"),
    ("python", _PYTHON, "return width else height"),
    ("javascript", _JS, "return width;\n}}"),
    ("javascript", _JS, "if (width > 3) {) {"),
    ("javascript", _JS, "Here is the body of it"),
    ("typescript", _JS, "const a = foo(width));"),
    ("go", _GO, "return width)"),
    ("go", _GO, "} else {"),
    ("rust", _RUST, "} else {"),
    ("rust", _RUST, "let a = [1, 2));"),
    ("c", _C, "return width));"),
    ("cpp", _CPP, "return foo(width)];"),
    ("java", "int area(int width) {\n    $0\n}\n", "return width);"),
]


def _view(language: str, marked: str) -> View:
    text, cursor = parse(marked)
    syntax = Syntax(language)
    view = View.at(snapshot_of(text), cursor, language_id=language, syntax=syntax)
    for _ in syntax.reading(view):
        pass
    return view


def _accepts(language: str, marked: str, text: str) -> bool:
    view = _view(language, marked)
    assert view.syntax is not None
    return view.syntax.accepts(view, text)


@pytest.mark.parametrize(("language", "document", "text"), _RIGHT)
def test_right_code_is_accepted(language: str, document: str, text: str) -> None:
    assert _accepts(language, document, text)


@pytest.mark.parametrize(("language", "document", "text"), _WRONG)
def test_code_that_breaks_the_document_is_refused(language: str, document: str, text: str) -> None:
    assert not _accepts(language, document, text)


@pytest.mark.parametrize(("language", "document", "text"), _WRONG)
def test_there_is_no_opinion_on_a_document_that_was_not_read(language: str, document: str, text: str) -> None:
    marked, cursor = parse(document)
    view = View.at(snapshot_of(marked), cursor, language_id=language)
    assert Syntax(language).accepts(view, text)


def test_there_is_no_opinion_where_the_document_has_errors_of_its_own() -> None:
    broken = _JS.replace("width, height)", "width, height")
    assert _accepts("javascript", broken, "return width;\n}}")


def test_a_document_with_errors_is_read_less_and_less_often() -> None:
    view = _view("javascript", _JS.replace("width, height)", "width, height"))
    assert view.syntax is not None
    read = [number for number in range(20) if list(view.syntax.reading(view))]
    assert read == [2, 7, 16]


def test_what_is_typed_meanwhile_changes_the_tree_and_not_the_opinion() -> None:
    view = _view("python", _PYTHON)
    text, cursor = parse(_PYTHON.replace("$0", "return wid$0"))
    later = View.at(snapshot_of(text), cursor, language_id="python", syntax=view.syntax)
    assert later.syntax is not None
    assert later.syntax.accepts(later, "th * height")
    assert not later.syntax.accepts(later, "th) * height")


@pytest.mark.parametrize(
    ("document", "text", "shown"),
    [
        (_PYTHON, "total = width\n    This is the sum\n    return total", "total = width"),
        (_PYTHON, "return (width + height))", "return (width + height)"),
        (_PYTHON, "return max(width)) + 1", None),
    ],
)
def test_a_text_is_mended_or_cut_back_or_refused(document: str, text: str, shown: str | None) -> None:
    fit = fitted(text, _view("python", document))
    if shown is None:
        assert fit == Refused(Cause.SYNTAX)
    else:
        assert not isinstance(fit, Refused)
        assert fit.text == shown


@settings(max_examples=60, deadline=None)
@given(
    document=st.text("ab (){}[]\"'`\n:=#/*$\u20ac", max_size=60),
    text=st.text("ab (){}[]\"'`\n:=#\u20ac", max_size=30),
    language=st.sampled_from(("python", "javascript", "go", "rust", "c", "text")),
)
def test_nothing_is_an_error(document: str, text: str, language: str) -> None:
    marked = document.replace("$", "")
    half = len(marked) // 2
    assert _accepts(language, f"{marked[:half]}$0{marked[half:]}", text) in {True, False}
