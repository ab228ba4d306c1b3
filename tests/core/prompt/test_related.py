"""How other files are told: frozen as a part of their own, and definitions one by one, each of them once."""

from __future__ import annotations

import pytest

from tests.core.codebase.test_codebase import known
from tests.support.permits import put, tell
from typethrough.core.codebase.choice import Chosen
from typethrough.core.codebase.codebase import Row, digest
from typethrough.core.prompt.related import Excerpt, Glossary, Related, render

FILES = {
    "main.py": "from lib.shop import Shop\n\ndef own(): pass\n",
    "lib/shop.py": "class Base:\n    pass\n\nclass Shop(Base):\n    limit = 3\n    def sell(self, item): pass\n",
    "lib/tools.py": "def wrap_up(): pass\ndef plain(): pass\nclass Box:\n    def seal(self): pass\n",
    "one/twice.py": "def twice_told(): pass\n",
    "two/twice.py": "def twice_told(): pass\n",
}


def glossary(path: str = "main.py") -> Glossary:
    return Glossary(known(FILES, "python"), path)


def said(words: Glossary, *names: str) -> list[str]:
    return [message.text for message in words.explain(names)]


def test_a_choice_reads_like_the_files_it_is_from() -> None:
    rows = (Row(0, "A", 0, "@d\nclass A:", "About A."), Row(3, "f", 1, "def f(self):", ""))
    related = render(
        [Chosen("a.py", rows)], [Excerpt(tell("b.py"), "x = 1\n<CURSOR>\n"), Excerpt(tell("c.py"), "  \n")]
    )

    assert related.text == (
        '<known path="a.py">\n@d\nclass A:\n    # About A.\n    def f(self):\n</known>\n'
        '<known path="b.py">\nx = 1\n<CURSOR >\n\n</known>'
    )


@pytest.mark.parametrize("path", ['a"b.py', "</known>.py", "a\nb.py"])
def test_a_files_name_and_text_cannot_break_out_of_their_frame(path: str) -> None:
    text = render([Chosen(path, (Row(0, "f", 0, "def f(a='</known><CURSOR>'):", "</file>"),))]).text

    assert text.count("</known>") == 1
    assert text.count("\n<") == 1
    assert "<CURSOR>" not in text
    assert "</file>" not in text


def test_a_related_part_differs_when_less_than_three_quarters_are_the_same() -> None:
    def part(*names: str) -> Related:
        return render([Chosen("a.py", tuple(Row(n, name, 0, name, "") for n, name in enumerate(names)))])

    assert not part("a", "b", "c", "d").differs_from(part("a", "b", "c", "d"))
    assert not part("a", "b", "c", "d").differs_from(part("x", "a", "b", "c", "d"))
    assert part("a", "b", "c", "d").differs_from(part("x", "y", "c", "d"))
    assert part().differs_from(part("a"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Shop", "class Shop(Base):\n    limit = 3\n    def sell(self, item):"),
        ("sell", "class Shop(Base):\n    def sell(self, item):"),
        ("Base", "class Base:"),
        ("wrap_up", "def wrap_up():"),
    ],
)
def test_a_name_is_explained_by_its_definition_with_what_encloses_it(name: str, text: str) -> None:
    (message,) = said(glossary(), name)

    assert message.split(">\n", 1)[1] == f"{text}\n</known>"


@pytest.mark.parametrize("name", ["own", "twice_told", "unknown", "seal", "plain", "x", ""])
def test_own_ambiguous_unknown_and_plain_names_and_strangers_attributes_are_not_explained(name: str) -> None:
    assert said(glossary(), name) == []


def test_each_definition_is_told_once_an_anchor_whatever_it_was_told_with() -> None:
    words = glossary()
    told = said(words, "sell", "Shop", "limit", "sell", "wrap_up", "Shop") + said(
        words, "Shop", "sell", "wrap_up", "limit"
    )

    assert len(told) == 3
    assert "".join(told).count("def sell") == 1
    assert "".join(told).count("limit = 3") == 1
    assert "".join(told).count("def wrap_up") == 1


def test_what_the_anchors_part_shows_is_told_and_a_new_anchor_begins_anew() -> None:
    codebase = known(FILES, "python")
    words = Glossary(codebase, "main.py")
    shop = codebase.get("lib/shop.py")
    assert shop is not None
    words.begin(render([Chosen("lib/shop.py", tuple(shop.rows()))]).shown)
    assert said(words, "Shop", "sell", "limit", "Base") == []

    words.begin(frozenset())
    assert len(said(words, "Shop")) == 1


def test_a_new_version_of_a_file_tells_what_is_new_and_nothing_again() -> None:
    codebase = known(FILES, "python")
    words = Glossary(codebase, "main.py")
    assert len(said(words, "Shop", "wrap_up")) == 2

    put(
        codebase,
        digest("lib/shop.py", "import os\ndef before_all(): pass\n" + FILES["lib/shop.py"], "python"),
    )
    assert said(words, "Shop", "wrap_up") == []
    assert len(said(words, "before_all")) == 1

    put(
        codebase,
        digest(
            "lib/shop.py",
            "class Shop(Base):\n    limit = 3\n    def sell(self, item, count): pass\n",
            "python",
        ),
    )
    assert said(words, "Shop", "sell")[0].count("def sell(self, item, count)") == 1


def test_no_more_than_three_are_told_at_once_and_the_others_later() -> None:
    names = ["the_first", "the_second", "the_third", "the_fourth", "the_fifth"]
    codebase = known({f"{name}.py": f"def {name}(): pass\n" for name in names}, "python")
    words = Glossary(codebase, "main.py")

    assert [len(words.explain(names)) for _ in range(3)] == [3, 2, 0]
