"""Where a growing answer is cut, and that it is cut as soon as that is certain."""

from __future__ import annotations

import pytest

from tests.core.filters.place import place
from typethrough.core.suggestion.amount import Amount
from typethrough.core.suggestion.block import Cut
from typethrough.core.suggestion.cut import best_so_far, enough

# The text is cut at `$1`; what stands after it is what the model went on to say.
CUTS = [
    # Code after the cursor: one piece of a line.
    ("python", "foo($0, b)", "a$1\nmore", "line", 6),
    ("python", "foo($0)", "$1\n    a,\n", "line", 6),
    # The rest of the cursor's line is one unit.
    ("python", "x = $0", "1$1\ny = 2\n", "line", 6),
    ("python", "if a$0", " == b:$1\n    c()\n", "line", 6),
    ("python", "x = $0", "foo(\n    1,\n)$1\ny = 2\n", "line", 6),
    ("python", "x = $0", "foo($1\n    1,\n    2,\n    3,\n", "limit", 3),
    ("python", "def f($0", "a,\n      b):$1\n    return a\n", "line", 6),
    ("python", "# it's $0", "a (remark$1\n# more\n", "line", 6),
    ("javascript", "if (a$0", ") {$1\n  b();\n", "line", 6),
    ("javascript", "x = $0", "`a\nb`;$1\nc\n", "line", 6),
    # A blank line: one statement.
    ("python", "x = 1\n$0", "y = 2$1\nz = 3\n", "line", 6),
    ("python", "x = 1\n$0", "\n\ny = 2$1\nz = 3\n", "line", 6),
    ("python", "x = 1\n$0", "foo(\n    a,\n)$1\nz = 3\n", "block", 6),
    ("markdown", "$0", "A line (of text$1\nand more\n", "line", 6),
    ("plaintext", "$0", "It's one$1\n\nAnother\n", "line", 6),
    ("no-such", "$0", "anything goes$1\nhere\n", "line", 6),
    # The line was complete: its end, and then what a blank line would give.
    ("python", "x = 1$0", "\ny = 2$1\nz = 3\n", "line", 6),
    ("python", "def f():$0", "\n    a = 1\n    return a$1\n\n\ndef g():\n", "blank line", 6),
    # A block that the line above opened.
    ("python", "def f():\n    $0", "a = 1\n    return a$1\nx", "dedent", 6),
    ("python", "def f():\n    $0", "a = 1\n    return a$1\n\n\nd", "blank line", 6),
    ("python", "def f():\n    $0", "a = 1\n\n    b = 2$1\n\n    for c in d:\n", "blank line", 9),
    ("python", "def f():\n    $0", "a = 1\n    b = 2\n    c = 3$1\n    d = 4\n", "limit", 3),
    ("python", "def f():\n    $0\n    return a", "a = 1$1\n    return a\n", "suffix", 6),
    ("python", "def f():\n    $0", "a = foo(\n        1,\n    )$1\nx", "dedent", 6),
    ("python", "def f():\n    $0", "a = 1$1\n    b = foo(\n        1,\n        2,\n", "limit", 4),
    ("python", "def f():\n    $0", "a()$1\n    a()\n    a()\n", "repetition", 9),
    ("javascript", "function f() {\n  $0\n}", "a();\n  b();$1\n}\n", "suffix", 6),
    ("javascript", "function f() {\n  $0", "a();\n  b();\n}$1\nc();\n", "block", 6),
    ("lua", "function f()\n  $0", "a()\nend$1\nb()\n", "block", 6),
    # A block that the answer opens.
    ("python", "x = 1\n$0", "if a:\n    b()$1\nz", "block", 6),
    ("python", "x = 1\n$0", "if a:\n    b()\nelse:\n    c()$1\nd", "block", 6),
    ("python", "x = 1\n$0", "if a:$1\n    b()\n", "limit", 1),
    ("python", "x = 1\n$0", "@decorated\ndef f():\n    b()$1\nd", "block", 6),
    ("javascript", "$0", "if (a) {\n  b();\n}$1\nc();\n", "block", 6),
    ("javascript", "$0", "if (a) {\n  b();\n} else {\n  c();\n}$1\nd();\n", "block", 6),
    ("javascript", "$0", "foo({\n  a: 1,\n});$1\nd();\n", "block", 6),
    ("go", "$0", "for _, a := range b {\n\tc(a)\n}$1\nd()\n", "block", 6),
    ("typescriptreact", "  $0", "<ul>\n    <li>a</li>\n  </ul>$1\n  <p>\n", "block", 6),
    ("css", "$0", ".a {\n  color: red;\n}$1\n.b {\n", "block", 6),
    ("ruby", "$0", "def f\n  1\nend$1\n2\n", "block", 6),
    ("shellscript", "$0", "if a; then\n  b\nfi$1\nc\n", "block", 6),
]


@pytest.mark.parametrize(("language", "marked", "answer", "reason", "max_lines"), CUTS)
def test_an_answer_is_cut_where_its_unit_ends(
    language: str, marked: str, answer: str, reason: str, max_lines: int
) -> None:
    shown, _, rest = answer.partition("$1")
    view = place(marked, language)
    assert enough(shown + rest, view, amount=Amount(max_lines), complete=False) == Cut(len(shown), reason)


@pytest.mark.parametrize(("language", "marked", "answer", "reason", "max_lines"), CUTS)
def test_a_cut_never_changes_as_more_arrives(
    language: str, marked: str, answer: str, reason: str, max_lines: int
) -> None:
    shown, _, rest = answer.partition("$1")
    text = shown + rest
    view = place(marked, language)
    lengths = {
        cut.length
        for end in range(len(text) + 1)
        if (cut := enough(text[:end], view, amount=Amount(max_lines), complete=False)) is not None
    }
    assert lengths == {len(shown)}


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        ("x = $0", "1"),
        ("x = $0", ""),
        ("x = $0", "\n"),
        ("x = $0", "foo(\n    1,\n"),
        ("def f():\n    $0", "a = 1\n    b = 2\n"),
        ("def f():\n    $0", "a = 1\n    b = 2\n  "),
        ("$0", "if a:\n    b()\ne"),
    ],
)
def test_what_may_still_grow_is_not_cut(marked: str, text: str) -> None:
    assert enough(text, place(marked), amount=Amount(6), complete=False) is None


@pytest.mark.parametrize(
    ("marked", "text", "shown", "reason"),
    [
        ("x = $0", "1", "1", "line"),
        ("x = $0", "", "", "end"),
        ("foo($0)", "a", "a", "end"),
        ("x = $0", "foo(", "foo(", "end"),
        ("def f():\n    $0", "a = 1\n    return a", "a = 1\n    return a", "end"),
        ("def f():\n    $0", "a = 1\n    return a\n\n", "a = 1\n    return a", "end"),
        ("def f():\n    $0", "a = 1\n    b = foo(", "a = 1", "end"),
        ("$0", "x = 1", "x = 1", "line"),
    ],
)
def test_a_stream_that_ended_is_always_cut(marked: str, text: str, shown: str, reason: str) -> None:
    assert enough(text, place(marked), amount=Amount(6), complete=True) == Cut(len(shown), reason)


@pytest.mark.parametrize(
    ("marked", "text", "shown"),
    [
        ("def f():\n    $0", "a = 1\n    b = ", "a = 1"),
        ("def f():\n    $0", "a = 1\n    b = foo(\n        1,\n", "a = 1"),
        ("x = $0", "foo(a)", "foo(a)"),
        ("x = $0", "foo(a", None),
        ("x = $0", "some_na", None),
        ("if a$0", " == b:", " == b:"),
        ("x = 1$0", "\ny = foo(1)", "\ny = foo(1)"),
        ("foo(a$0", ")", ")"),
        ("x = $0", "", None),
        ("x = $0", "1\n", "1"),
        ("foo($0)", "\n", None),
        ("if a:\n    $0", "for b in c:\n        d()\n        e", "for b in c:\n        d()"),
    ],
)
def test_at_the_deadline_only_what_looks_whole_is_shown(marked: str, text: str, shown: str | None) -> None:
    cut = best_so_far(text, place(marked), amount=Amount(6))
    assert (None if cut is None else text[: cut.length]) == shown
