"""When to stay silent, and why: tables of places."""

from __future__ import annotations

import pytest

from tests.support.cursor import view_at
from typethrough.core.asking.place import unwanted_at
from typethrough.core.outcome.causes import Cause


def _reason(marked: str, *, invoked: bool = False) -> str:
    cause = unwanted_at(view_at(marked), invoked=invoked)
    return cause.sentence if cause else ""


@pytest.mark.parametrize(
    ("marked", "reason"),
    [
        ("x = $0", ""),
        ("x = 1$0", ""),
        ("f($0)", ""),
        ("f(g($0))", ""),
        ('f("$0")', ""),
        ("f(x$0):", ""),
        ("if (x$0) {", ""),
        ("f(x$0);", ""),
        ("f($0) ;", ""),
        ("a\n  $0  ", ""),
        ("x$0   ", ""),
        ("a\n\n$0\n\nb", ""),
        ("x = $0 + 1", "in the middle of a line"),
        ("f($0, y)", "in the middle of a line"),
        ("x$0 = 1", "in the middle of a line"),
        ("fo$0o", "in the middle of a word"),
        ("fo$0o()", "in the middle of a word"),
        ("größ$0er = 1", "in the middle of a word"),
        ("a$0_b", "in the middle of a word"),
        ("$0x = 1", "in the middle of a line"),
        ("f(x$0) -> int:", "in the middle of a line"),
        ("def f():$0\n\nx = 1", ""),
        ("def f():$0\nx = 1", ""),
        ("$0", "nothing to go on yet"),
        ("\n\n  $0\n\n", "nothing to go on yet"),
    ],
)
def test_where_nobody_asked_only_good_places_get_a_suggestion(marked: str, reason: str) -> None:
    assert _reason(marked) == reason
    assert _reason(marked, invoked=True) == "", "who asks in so many words gets an answer"


@pytest.mark.parametrize("invoked", [True, False])
@pytest.mark.parametrize(
    ("marked", "reason"),
    [
        ("x" * 1_990 + "$0" + " " * 20, "the line is too long"),
        ("$0\n" + "x" * 20_000_000, "the file is too large"),
    ],
)
def test_sizes_hold_for_everybody(marked: str, reason: str, *, invoked: bool) -> None:
    assert _reason(marked, invoked=invoked) == reason


@pytest.mark.parametrize(
    ("language", "marked"),
    [
        ("html", "<li>$0</li>"),
        ("html", "<li>two $0</li><li>three</li>"),
        ("html", '<a href="$0">more</a>'),
        ("html", '<a href="/lo$0" class="b">more</a>'),
        ("html", "<div $0></div>"),
        ("html", "<!-- the menu $0 -->"),
        ("html", "{% for item in $0 %}<li></li>"),
        ("html", "<p>{{ user.name $0}} and {{ other }}</p>"),
        ("vue", '<button @click="go($0)">Go</button>'),
        ("vue", "<p>{{ $0 }}</p>"),
        ("svelte", "<p>{$0}</p>"),
        ("typescriptreact", 'const a = <img src="$0" />;'),
        ("typescriptreact", "<button onClick={() => go($0)}>Go</button>"),
        ("php", "<p><?= $0 ?></p>"),
        ("erb", "<% if $0 %>"),
        ("typescript", "const m = new Map<$0>();"),
        ("typescript", "const m = new Map<string, $0>();"),
        ("typescript", 'import { $0 } from "react";'),
        ("typescript", 'import { useState, $0 } from "react";'),
        ("rust", "let v: Vec<Option<$0>> = f();"),
        ("rust", "items.iter().map(|$0| 1)"),
        ("ruby", "items.each do |$0|"),
        ("ruby", 'puts "a #{$0} b"'),
        ("javascript", "const a = `a ${user.na$0} b`;"),
        ("javascript", "/** Adds $0 */"),
        ("javascript", "/**\n * Adds $0 */ f();"),
        ("java", "Map<String, $0> map = f();"),
        ("python", "def f($0) -> int:"),
        ("python", "x = f(a, $0) + 1"),
        ("python", 'names = ["a", "$0", "c"]'),
        ("python", "x = f(a$0)  # the sum"),
        ("python", "total = (a + $0) * 2"),
        ("shellscript", 'x="$($0)" y=1'),
        ("shellscript", "if [[ $0 ]]; then"),
        ("shellscript", "while $0; do"),
        ("lua", "items:each(function($0) end)"),
        ("lua", "if $0 then"),
        ("erb", "<% items.each do |$0| %>"),
        ("php", "<?php echo $0; ?>"),
        ("html", "{{ upper(name$0) }} and more"),
        ("dart", "final a = <$0>[];"),
        ("elixir", "<<$0>> = data"),
        ("haskell", "{- $0 -} f = 1"),
        ("ocaml", "let f = (* $0 *) 1"),
        ("latex", "So $$0$ is even."),
        ("latex", "\\begin{$0}\\end{}"),
        ("markdown", "See [$0](a.md) for more."),
        ("markdown", "See [the manual $0](a.md)."),
        ("markdown", "It is **$0** here."),
        ("markdown", "| a | $0 | c |"),
        ("sql", "select * from a where id in ($0) and b = 1"),
        ("json", '{ "a": "$0", "b": 1 }'),
        ("yaml", 'name: "{{ $0 }}-a"'),
    ],
)
def test_before_what_is_closed_ahead_a_suggestion_may_come(language: str, marked: str) -> None:
    assert unwanted_at(view_at(marked + "\n", language_id=language), invoked=False) is None


@pytest.mark.parametrize(
    ("language", "marked"),
    [
        ("python", "f($0a, b)"),
        ("python", "x = [a for $0 in items]"),
        ("python", "f(a $0) -> int:"),
        ("python", "x = a[1:$0] + b"),
        ("python", '"a $0" + b'),
        ("python", "x = (a) $0) + 1"),
        ("javascript", "if (a $0 > b) {"),
        ("javascript", "const $0 = f();"),
        ("javascript", "i++ $0) + f("),
        ("typescript", "a < b $0> c"),
        ("typescript", "const a: $0 = 1;"),
        ("html", "<p>one $0 two</p>"),
        ("html", '<p $0 class="a">'),
        ("markdown", "The server $0 in time."),
        ("markdown", "a * b $0 c"),
        ("rust", "let x = a $0| b;"),
        ("c", "x = a $0 / b;"),
        ("shellscript", "echo a $0 | sort"),
        ("sql", "select $0 from a"),
        ("yaml", "a: $0 b"),
    ],
)
def test_in_the_middle_of_other_text_none_does(language: str, marked: str) -> None:
    assert unwanted_at(view_at(marked + "\n", language_id=language), invoked=False) is Cause.INSIDE_LINE


def test_an_empty_file_can_be_begun_where_something_else_is_known() -> None:
    view = view_at("$0")
    assert unwanted_at(view, invoked=False) is Cause.EMPTY_FILE
    assert unwanted_at(view, invoked=False, has_context=True) is None
