"""Outlines of files without a grammar: lines that head a block near the left edge, and headings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.outline.test_grammar import assert_sound, rendered
from typethrough.core.outline import definitions

_CASES = {
    "ruby": (
        """\
require 'x'

# A shop.
class Shop < Base
  attr_reader :name

  # Sells.
  def sell(item, price)
    if item
      item.price
    end
  end

  def close
    exit
  end
end
""",
        """\
class Shop < Base  ## A shop.
    def sell(item, price)  ## Sells.
    def close
""",
    ),
    "lua": (
        "-- Doc.\nlocal function add(a, b)\n  return a + b\nend\n\nM.sub = function(a)\n  return a\nend\n",
        "local function add(a, b)  ## Doc.\nM.sub = function(a)\n",
    ),
    "php": (
        "class A {\n    public function f($x) {\n        return 1;\n    }\n}\n",
        "class A\n    public function f($x)\n",
    ),
    "shellscript": ("run() {\n\techo a\n}\nif true; then\n\techo\nfi\n", "run()\n"),
    "markdown": (
        "# Title\ntext\n## Part\n```sh\n# no heading\n```\n### Deep\n",
        "# Title\n## Part\n### Deep\n",
    ),
    "yaml": ("jobs:\n  test:\n    steps:\n      - run: x\n", "jobs:\n    test:\n        steps:\n"),
    "plaintext": ("some words\nmore words\n", ""),
    "": ("", ""),
}


@pytest.mark.parametrize("language", _CASES)
def test_what_heads_a_block_is_taken_for_a_definition(language: str) -> None:
    text, outline = _CASES[language]

    assert rendered(definitions(text, language)) == outline
    assert rendered(definitions(text.replace("\n", "\r\n"), language)) == outline


@given(
    text=st.lists(
        st.sampled_from(
            ["def f", "class A", "end", "{", "}", "\n", "\r\n", "\r", "\t", "  ", " ", "\0", "\udcff", "\x1e", "#", "```", "é"]
        ),
        max_size=60,
    ).map("".join)
    | st.text()
)  # fmt: skip
def test_any_text_has_an_outline_that_lies_inside_it(text: str) -> None:
    for language in ("ruby", "markdown", "lua", ""):
        assert_sound(text, definitions(text, language))


def test_a_heading_without_a_title_is_none() -> None:
    assert definitions("#\n##  \n# \x1e\n", "markdown") == []


def test_long_lines_and_many_definitions_are_bounded() -> None:
    assert definitions("def f" + "x" * 1_000_000 + "\n  a\n", "ruby") == []
    assert len(definitions("def f\n  x\nend\n" * 2_000, "ruby")) == 1_000
    assert len(definitions("# a\n" * 2_000, "markdown")) == 1_000
