"""The prompt in a code model's own form: the cursor's place, its marks, and a beginning that stays."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.cursor import view_at
from typethrough.core.models import FimMarks, ModelProfile
from typethrough.core.prompt import fill_in
from typethrough.core.prompt.economist import Terms
from typethrough.core.prompt.related import Related
from typethrough.core.secrets.vault import Vault
from typethrough.core.secrets.veil import VeiledView

if TYPE_CHECKING:
    from typethrough.core.prompt.message import Unsealed

PSM = FimMarks("<PRE>", "<SUF>", "<MID>", repository="<REPO>", file="<FILE>", stop=("<END>",))
SPM = replace(PSM, order="spm")
RELATED = Related((("lib/a.py", "def a():"), ("lib/b.py", "def b():")))


def built(marked: str, marks: FimMarks = PSM, related: Related = RELATED, chars: int = 8_000) -> Unsealed:
    terms = Terms(ModelProfile(fim=marks), chars, 64)
    view = VeiledView.of(view_at(marked), Vault())
    return fill_in.build(view, terms, marks, related, "src/main.py", "project")


def text(prompt: Unsealed) -> str:
    return "".join(message.text for message in prompt.messages)


def test_prefix_suffix_middle_with_the_other_files_before() -> None:
    prompt = built("one\ntwo$0three\nfour")

    assert text(prompt) == (
        "<REPO>project\n<FILE>lib/a.py\ndef a():\n<FILE>lib/b.py\ndef b():\n<FILE>src/main.py\n"
        "<PRE>one\ntwo<SUF>three\nfour<MID>"
    )
    assert (prompt.raw, prompt.cache_key) == (True, "")
    assert prompt.stop == ("<END>", "<PRE>", "<SUF>", "<MID>")


def test_suffix_prefix_middle() -> None:
    assert text(built("one\ntwo$0three\nfour", SPM)).endswith("<SUF>three\nfour<PRE>one\ntwo<MID>")


def test_without_a_mark_for_files_there_are_no_other_files() -> None:
    assert text(built("a$0b", replace(PSM, file=""))) == "<PRE>a<SUF>b<MID>"


@given(
    before=st.text(st.sampled_from("ab\n<>"), max_size=60),
    after=st.text(st.sampled_from("ab\n<>"), max_size=60),
)
def test_the_cursor_is_exactly_between(before: str, after: str) -> None:
    for marks in (PSM, SPM):
        whole = text(built(f"{before}$0{after}", marks))
        said_before = whole.split("<PRE>")[1].split("<MID>" if marks is SPM else "<SUF>")[0]
        said_after = whole.split("<SUF>")[1].split("<PRE>" if marks is SPM else "<MID>")[0]
        assert said_before == before
        assert said_after == after


@pytest.mark.parametrize("mark", ["<PRE>", "<SUF>", "<MID>", "<REPO>", "<FILE>", "<END>"])
def test_marks_in_the_users_text_and_in_other_files_are_broken_up(mark: str) -> None:
    related = Related(((f"{mark}.py", f"x = '{mark}'"),))
    prompt = text(built(f"{mark}\nx {mark}$0{mark}\n{mark}", related=related))

    assert prompt.count(mark) == text(built("a\nx b$0c\nd", related=Related((("e.py", "x = f"),)))).count(
        mark
    )


def test_while_somebody_types_only_the_end_of_what_stands_before_is_new() -> None:
    lines = "".join(f"line {number}\n" for number in range(2_000))
    begins = [
        text(built(f"{lines}{more}$0\nend\n", chars=4_000)).split("<PRE>")[1].split("\n")[0]
        for more in ("", "w", "word", "word\nword", "word\n" * 20, "word\n" * 40)
    ]

    assert len(set(begins)) <= 2
    assert begins[:4] == begins[:1] * 4


@pytest.mark.parametrize("chars", [600, 2_000, 4_000])
def test_the_beginning_moves_in_steps_however_small_the_room(chars: int) -> None:
    begins = [
        text(built("line of text\n" * 0 + "".join(f"line {n}\n" for n in range(last)) + "$0", chars=chars))
        .split("<PRE>")[1]
        .split("\n")[0]
        for last in range(1_000, 1_100)
    ]

    assert len(set(begins)) <= 100 // 4


@pytest.mark.parametrize(
    "marked", ["x" * 1_000_000 + "$0", "$0" + "x" * 1_000_000, ("y" * 900 + "\n") * 5_000 + "$0"]
)
def test_no_file_makes_the_prompt_longer_than_its_room(marked: str) -> None:
    assert len(text(built(marked, chars=8_000))) < 8_000 + 200
