"""Brackets, strings and comments by language, and the lines that open or close blocks."""

from __future__ import annotations

import pytest

from typethrough.core.document.scan import (
    CODE,
    State,
    closes_block,
    continues_block,
    is_comment,
    opens_block,
    scan,
    without_comment,
)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", "foo('a(', \"b", State(("(",), (), '"')),
        ("python", "# it's (", State((), (), "#")),
        ("python", "# it's (\n", CODE),
        ("python", '"""a "quoted" (\n', State((), (), '"""')),
        ("python", "'''a'''(", State(("(",))),
        ("python", '""', CODE),
        ("python", "'it\nfoo(", State(("(",))),
        ("python", "a)]", State((), (")", "]"))),
        ("python", "{(]", State(("{", "("), ("]",))),
        ("python", "{(}", CODE),
        ("javascript", "`a${b(`", State(("${", "("), (), "`")),
        ("javascript", "`a${b}(`", CODE),
        ("javascript", "x = /[(]/.test(a", State(("(",))),
        ("javascript", "a / b / (c", State(("(",))),
        ("javascript", "/* ( */ // (\n[", State(("[",))),
        ("rust", "fn a<'a>(x: &'a str, c: '(') {", State(("{",))),
        ("rust", 'r#"("# (', State(("(",))),
        ("c", 'c = \'(\'; s = "(\\""; (', State(("(",))),
        ("go", "x := `(\n", State((), (), "``")),
        ("lua", "--[[ (\n", State((), (), "[[")),
        ("lua", "-- (\n[[ ( ]] (", State(("(",))),
        ("shellscript", "a=$# # (\n(", State(("(",))),
        ("html", "it's (", CODE),
        ("markdown", "it's (", CODE),
        ("never-heard-of", 'f("(", it\'s', State(("(",))),
    ],
)
def test_what_is_open_at_the_end(language: str, text: str, expected: State) -> None:
    assert scan(text, language) == expected


@pytest.mark.parametrize(
    "language", ["python", "javascript", "rust", "lua", "c", "go", "css", "html", "markdown", "?"]
)
def test_a_text_read_in_two_parts_between_lines_is_the_text_read_at_once(language: str) -> None:
    lines = ["a = f(b, [\n", "  'c(', \"d\",  # e (\n", "  `g` /* ( */ {\n", "  h) }\n", '"""i (\n', "'''\n"]
    for middle in range(len(lines) + 1):
        first, second = "".join(lines[:middle]), "".join(lines[middle:])
        assert scan(second, language, scan(first, language)) == scan(first + second, language)


@pytest.mark.parametrize(
    ("language", "line", "opens"),
    [
        ("python", "if a:", True),
        ("python", "if a:  # why", True),
        ("python", "# note:", False),
        ("python", "x = 'a:'", False),
        ("python", "foo(", True),
        ("javascript", "a.map((x) => {", True),
        ("javascript", "const f = (x) =>", True),
        ("javascript", "a ? b :", False),
        ("typescript", "case 1:", True),
        ("typescriptreact", '  <div className="a">', True),
        ("typescriptreact", "  <br>", False),
        ("typescriptreact", "  <Foo />", False),
        ("go", "func f() {", True),
        ("lua", "if a then", True),
        ("lua", "local f = function(a)", True),
        ("ruby", "items.each do |item|", True),
        ("ruby", "def f(a)", True),
        ("ruby", "def f; end", False),
        ("shellscript", "for a in b; do", True),
        ("css", ".a {", True),
        ("html", "<ul>", True),
        ("html", "<li>a</li>", False),
        ("yaml", "key:", True),
        ("markdown", "Like this:", False),
        ("", "x = [", True),
        ("python", "", False),
    ],
)
def test_a_line_that_opens_a_block_is_known_by_its_end(language: str, line: str, opens: bool) -> None:
    assert opens_block(line, language) is opens


def test_closing_and_continuing_lines_are_known_by_their_start() -> None:
    assert closes_block("  });", "javascript")
    assert closes_block("end", "lua")
    assert not closes_block("ending = 1", "lua")
    assert closes_block("</div>", "html")
    assert continues_block("    except ValueError:", "python")
    assert not continues_block("elsewhere()", "python")
    assert is_comment("  // a", "go")
    assert not is_comment("a // b", "go")
    assert without_comment("a = '#'  # b", "python") == "a = '#'"
