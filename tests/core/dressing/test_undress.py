"""A longer answer only adds to what is shown of it, whatever it is dressed in and wherever it breaks off."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.core.filters.place import place
from typethrough.core.dressing.draft import Draft
from typethrough.core.dressing.undress import undress

_PIECES = (
    "<think>", "</think>", "<", ">", "</", "answer", "code", "Voici", " le code", " :", ":", ".", "\n", "\n\n", "```", "``",
    "`", "python", "~~~", "a + b", "return ", "foo(", ")", "x", "The ", "sum ", "of ", "[THINK]", "[/", "analysis", "We ",
    "assistant", "final", "<|channel|>", "<|message|>", "<|end|>", "<|", "<now path=", "- ", "+ ", "**", "User: ", "以下是代码",
    "：", " ", "    ", '"', "'", "Answer: ", "{", "}", "###", "12 | ", "Sure! ", "Here is the code", "I'm sorry, but I can't",
    "&lt;", '{"completion": "', "@@ ", "-", "<s>", "markdown", "é", "é :", "?", "(see ", "`a`",
)  # fmt: skip
_DOCUMENTS = (
    "def f(a):\n    return $0\n", "def f(a):\n    $0\n", "def f(a):$0\n    z()\n", "$0\n", 'x = "$0\n', "# $0\n",
    "f(a,\n  $0\n", "<a>\n  $0\n</a>\n", "Text. $0\n", "```\n$0\n",
)  # fmt: skip
_LANGUAGES = (
    "python", "javascript", "typescriptreact", "go", "kotlin", "html", "xml", "markdown", "yaml", "sql", "haskell", "git-commit",
    "json", "shellscript", "ruby",
)  # fmt: skip


@given(
    st.lists(st.sampled_from(_PIECES), max_size=12).map("".join),
    st.sampled_from(_DOCUMENTS),
    st.sampled_from(_LANGUAGES),
)
def test_a_longer_answer_only_adds(raw: str, marked: str, language: str) -> None:
    view = place(marked, language)
    seen, done = "", False
    for length in range(len(raw) + 1):
        now = undress(Draft(raw[:length], done=False), view)
        assert now.text.startswith(seen)
        assert not done or now.text == seen
        assert undress(Draft(raw[:length], done=True), view).text.startswith(now.text)
        seen, done = now
