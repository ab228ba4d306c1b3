"""What each tail filter cuts or refuses, and the near misses it must let through."""

from __future__ import annotations

import pytest

from tests.core.filters.place import place
from typethrough.core.filters import Refused, finished
from typethrough.core.outcome.causes import Cause

PROFILE = """\
\"\"\"Profiles: what differs between models, as data.\"\"\"

_LUNA_6 = ModelProfile(name='luna', price=2)


def debounce_ms(
    context: Context,
) -> float:
    return _LUNA_6.price


"""
PYTHON = [
    # The rest of the line again, or the next lines.
    ("foo($0, key=1)", "a, key=1)", "a"),
    ("foo($0)", "bar(x)", "bar(x)"),
    ("f($0, b)", "g(x, b)", "g(x, b)"),
    ("def f():\n    $0\n    return total", "total = 1\n    return total", "total = 1"),
    (
        "def f():\n    if a:\n        $0\n    return None",
        "b()\n        return None",
        "b()\n        return None",
    ),
    # Brackets and quotes, by balance.
    ("print($0)", "a)", "a"),
    ("print($0)", "foo(a)", "foo(a)"),
    ("print(foo($0)", "a))", "a)"),
    ("print(foo($0", "a))", "a))"),
    ("x = [$0]", "1, 2]", "1, 2"),
    ("x = d[$0]", "'a]']", "'a]'"),
    ('x = "$0"', 'abc"', "abc"),
    ('x = foo("$0")', 'abc")', "abc"),
    ('x = foo("$0", 1)', 'a", "b', 'a", "b'),
    ("foo(\n    a,\n    $0\n)", "b,\n)", "b,"),
    ("foo(\n    a,\n    $0", "b,\n)", "b,\n)"),
    ("x = (a $0", "+ b)", "+ b)"),
    ("a[$0", "1]", "1]"),
    ("print(foo($0\n)\n", "a))", "a)"),
    # What stands in the next cell of a notebook closes nothing in this one.
    ("print(foo($0\n# %%\n)\n", "a))", "a))"),
    ("def f(a$0):", "b):", "b"),
    # The next line, once more.
    ("$0\nimport os", "import os", Refused(Cause.NEXT_LINE)),
    ("imp$0\nimport os.path", "ort os.path", Refused(Cause.NEXT_LINE)),
    ("if a:\n    $0\nreturn_value(a)", "return_value(a)", "return_value(a)"),
    # Repetition.
    ("$0", "a = foo(1)\na = foo(1)\na = foo(1)\na = foo(1)", "a = foo(1)"),
    ("$0", "abc = 1\nbcd = 2\nabc = 1\nbcd = 2\nabc = 1\nbcd = 2", "abc = 1\nbcd = 2"),
    ("x = $0", "[0, 0, 0]", "[0, 0, 0]"),
    ("x = $0", "not " * 12 + "a", "not " * 12 + "a"),
    ("# $0", "the value of " * 8, Refused(Cause.REPETITION)),
    ("total = compute(1)\n$0", "total = compute(1)", Refused(Cause.REPETITION)),
    ("first = load(a)\nsecond = load(b)\n$0", "first = load(a)\nsecond = load(b)", Refused(Cause.REPETITION)),
    ("total = compute(1)\n$0", "total = compute(2)", "total = compute(2)"),
    # Placeholders.
    ("def f():\n    $0", "# your code here", Refused(Cause.PLACEHOLDER)),
    ("def f():\n    $0", "# ... your code here ...", Refused(Cause.PLACEHOLDER)),
    ("def f():\n    $0", "# TODO: implement this", Refused(Cause.PLACEHOLDER)),
    ("def f():\n    $0", "...", Refused(Cause.PLACEHOLDER)),
    ("def f():\n    x = chunk$0", "# ... your code here ...", Refused(Cause.PLACEHOLDER)),
    ("def f():\n    x = chunk$0", "  # seconds, not milliseconds", "  # seconds, not milliseconds"),
    ("def g(): ...\ndef f():\n    $0", "...", "..."),
    ("def f():\n    $0", "pass", "pass"),
    ("def f():\n    $0", "# TODO: handle the empty list", "# TODO: handle the empty list"),
    ("def f():\n    $0", "a = 1\n    # ... rest of the code ...", "a = 1"),
    ("def f():\n    $0", "a = 1\n    #", "a = 1\n    #"),
    # The rest of the line, or the word at the cursor, and nothing else.
    ("foo(a, $0key_name)", "key_name", Refused(Cause.BLANK)),
    ("foo(a, $0key_name)", "key_name)", Refused(Cause.STUTTER)),
    ("return value$0", " value", Refused(Cause.STUTTER)),
    ("foo(limit=$0", "limit)", "limit)"),
    ("import x\nvalue$0", "\nvalue", "\nvalue"),
    # The reply of an example of the prompt's.
    ("samp$0", "dth * height", Refused(Cause.EXAMPLE_REPLY)),
    ("x = sa$0", "dth *height", Refused(Cause.EXAMPLE_REPLY)),
    ("# The samp$0", "dth *stream.enough: is a", Refused(Cause.EXAMPLE_REPLY)),
    ("x = sa$0", "dth_of(height)", "dth_of(height)"),
    ("x = sa$0", "dth * height", Refused(Cause.EXAMPLE_REPLY)),
    ("x = samp dth$0", " * height", Refused(Cause.EXAMPLE_REPLY)),
    ("def area(width, height):\n    return wi$0", "dth * height", "dth * height"),
    ("for item in items:\n    $0", "sum += item.price * item.count;", Refused(Cause.EXAMPLE_REPLY)),
    ("def f(limit):\n    self.limit = None$0", "\n    self.limit = limit", "\n    self.limit = limit"),
    ("def f(path):\n    self.path = path$0", "\n    self.limit = limit", Refused(Cause.EXAMPLE_REPLY)),
    # A line of the document in the middle of another one.
    (
        PROFILE + "    delay = interval_ms * _pat$0",
        "def debounce_ms(\n    context: Context,",
        Refused(Cause.RECITED),
    ),
    (PROFILE + "    delay = interval_ms * _pat$0", "ience", "ience"),
    (PROFILE + "def other(samp$0", "profiles: what differs between models, as data.", Refused(Cause.RECITED)),
    (PROFILE + "def other(samp$0", "Profiles: what differs between models, as data.", Refused(Cause.RECITED)),
    (
        PROFILE + "# As data, $0",
        "what differs between models, as data.",
        "what differs between models, as data.",
    ),
    (
        PROFILE + 'def f():\n    """Say $0',
        "_LUNA_6 = ModelProfile(name='luna', price=2)",
        Refused(Cause.RECITED),
    ),
    (PROFILE + "    if first_pass: $0", "return _LUNA_6.price", "return _LUNA_6.price"),
    ("check(everything_there)\nok = $0", "check(everything_there)", "check(everything_there)"),
    (PROFILE + "OTHER_$0", "def debounce_ms(self, *others):", Refused(Cause.RECITED)),
    (PROFILE + "    delay = [1, 2]$0", "return _LUNA_6.price", Refused(Cause.RECITED)),
    ("ok = one_two_three_four\nnot_$0", "ok = one_two_three_four", Refused(Cause.RECITED)),
    # Its beginning, or a definition of the same scope, below the cursor.
    (PROFILE + "$0", '"""Profiles: what differs between models, as data."""', Refused(Cause.RECITED)),
    (PROFILE + "$0", "def debounce_ms(\n    context: Context,", Refused(Cause.RECITED)),
    (PROFILE + "def deb$0", "ounce_ms(\n    context: Context,", Refused(Cause.RECITED)),
    (PROFILE + "$0", "_LUNA_6 = ModelProfile(name='luna', price=2)", Refused(Cause.RECITED)),
    (PROFILE + "@overload\n$0", "def debounce_ms(", "def debounce_ms("),
    (
        "class A:\n    def compute_total(self):\n        pass\n\nclass B:\n    $0",
        "def compute_total(self):",
        "def compute_total(self):",
    ),
    (
        "def f():\n    total = compute(items, prices)\n    return total\n\ndef g():\n    $0",
        "total = compute(items, prices)",
        "total = compute(items, prices)",
    ),
    # A name of the document instead of the rest of a word.
    ("interval_counter_ms = 1\nx = sel$0", "interval_counter_ms + 1", Refused(Cause.WELDED)),
    ("interval_counter_ms = 1\nx = my_$0", "interval_counter_ms", "interval_counter_ms"),
    ("interval_counter_ms = 1\nx = int$0", "erval_counter_ms", "erval_counter_ms"),
    ("interval_counter_ms = 1\nx = $0", "interval_counter_ms", "interval_counter_ms"),
    # White space and nothing.
    ("x = $0", "1  \n\n", "1"),
    ("foo(a$0b)", ", ", ", "),
    ("x = $0", " \n ", Refused(Cause.BLANK)),
    ("foo($0)", "a,\n    b", "a,"),
    # What closes something is short and valuable.
    ("foo(a$0", ")", ")"),
    ("x[1$0", "]:", "]:"),
]


@pytest.mark.parametrize(("marked", "text", "expected"), PYTHON)
def test_a_cut_text_in_python_is_finished(marked: str, text: str, expected: str | Refused) -> None:
    assert finished(text, place(marked)) == expected


@pytest.mark.parametrize(
    ("language", "marked", "text", "expected"),
    [
        ("javascript", "foo($0);", "a);", "a"),
        ("javascript", "function f() {\n  $0\n}", "return 1;\n}", "return 1;"),
        ("javascript", "function f() {\n  $0\n\nfunction g() {\n}", "return 1;\n}", "return 1;\n}"),
        ("javascript", "class A {\n  f() {\n    $0\n}", "return 1;\n  }", "return 1;\n  }"),
        ("javascript", "a.map((x) => {\n  $0\n});", "return x;\n});", "return x;"),
        ("javascript", "x = `${$0}`", "a}`", "a"),
        ("javascript", "f(/[)]/, $0)", "a)", "a"),
        ("c", "if (a) {\n    $0\n}", "b(')');\n}", "b(')');"),
        ("rust", "fn f<'a>($0) {}", "x: &'a str)", "x: &'a str"),
        ("lua", "function f()\n  $0\nend", "return 1\nend", "return 1"),
        ("shellscript", "case $1 in\n  $0\n  b) two ;;\nesac", "a)", "a)"),
        ("markdown", "A list (of $0", "things)", "things)"),
        ("plaintext", "It's $0", "nice :)", "nice :)"),
        ("html", "<p>$0</p>", "text</p>", "text"),
        ("unknown-language", "foo($0)", "a)", "a"),
        (
            "lua",
            "--- What a user's configuration calls, and when.\n\nlocal M = {}\n\n\nlocal function cursor()$0",
            "\n--- What a user's configuration calls, and when.",
            Refused(Cause.RECITED),
        ),
        (
            "lua",
            "local M = {}\n\n--- What a user's configuration calls.\nlocal function cursor()$0",
            " --- What a user's configuration calls.",
            Refused(Cause.RECITED),
        ),
        ("c", "class Isolate;\nint a;\nint b;\n$0", "class Isolate;", "class Isolate;"),
        ("c", "int a;\nclass LongIsolate;\nint b;\n$0", "class LongIsolate;", "class LongIsolate;"),
        ("shellscript", "git fetch ./sub HEAD &&\ng$0", "it fetch ./sub HEAD &&", "it fetch ./sub HEAD &&"),
        ("yaml", "- name: checkout the code\n- $0", "name: checkout the code", "name: checkout the code"),
        (
            "markdown",
            "A remarkable title here\n\nThis is $0",
            "A remarkable title here",
            Refused(Cause.RECITED),
        ),
    ],
)
def test_other_languages_are_finished_too(language: str, marked: str, text: str, expected: str) -> None:
    assert finished(text, place(marked, language)) == expected


@pytest.mark.parametrize(
    ("deleted", "text", "refused"),
    [
        ("compute_total(items)", "compute_total(items)", True),
        ("compute_total(items)\nprint(items)\n", "compute_total(items)", True),
        ("compute_total(items)", "compute_total(items) + 1", True),
        ("compute_total(items, prices)", "x = compute_total(items, prices)", True),
        ("x = 1", "x = 1", False),
        ("compute_total(items)", "compute_sum(items)", False),
    ],
)
def test_what_was_deleted_is_not_offered_again(deleted: str, text: str, refused: bool) -> None:
    result = finished(text, place("$0", deleted=("other", deleted)))
    assert result == (Refused(Cause.RESTORED_DELETION) if refused else text)


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("shop.core.settings.py", True),
        ("shop/core/settings.py", True),
        ("shop.core.settings", False),
        ("settings_of_the_shop.py", False),
        ("shop.core.others.py", False),
    ],
)
def test_the_path_of_the_document_does_not_end_a_line_of_it(text: str, refused: bool) -> None:
    view = place('names = "credentia$0', uri="file:///home/shop/core/settings.py")
    assert finished(text, view) == (Refused(Cause.RECITED) if refused else text)
