"""The parts of a prompt: the anchor's bounds, the window's bounds, the estimate of tokens, the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.core.prompt.editing import Editing, anchor_text
from tests.support.cursor import view_at
from tests.support.permits import ROOT, send, tell
from typethrough.core.document.document import Document, Position, Snapshot, snapshot_of
from typethrough.core.document.view import View
from typethrough.core.models import profile_of
from typethrough.core.prompt import window
from typethrough.core.prompt.anchor import freeze
from typethrough.core.prompt.economist import Terms
from typethrough.core.prompt.layout import PromptState
from typethrough.core.prompt.rules import CURSOR, opening
from typethrough.core.prompt.sent import TokenRatio
from typethrough.core.secrets.vault import Vault
from typethrough.core.secrets.veil import Veil, VeiledView
from typethrough.core.settings.schema import DEFAULT_MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence

_HUGE = snapshot_of("".join(f"line {number}\n" for number in range(50_000)))


def veiled(snapshot: Snapshot) -> Veil:
    return Veil(snapshot, Vault())


def test_no_lines_of_a_document_cost_no_look_at_those_above_them() -> None:
    class Unread(Vault):
        def lines(self, lines: Sequence[str]) -> list[str]:
            raise AssertionError(lines)

    assert Veil(_HUGE, Unread()).lines(700, 700, 100) == []


def test_a_file_that_fits_is_frozen_whole_with_one_kind_of_line_end() -> None:
    anchor = freeze(veiled(snapshot_of("a\r\nb\rc")), 0, header='path="x"', max_chars=100, now_s=7.0)

    assert anchor.message.text == '<file path="x">\na\nb\nc\n</file>'
    assert (anchor.whole, anchor.first_line, anchor.last_line, anchor.frozen_at_s) == (True, 0, 3, 7.0)


@pytest.mark.parametrize("line", [0, 1, 777, 25_000, 49_999, 50_000])
def test_of_a_huge_file_the_part_round_the_cursor_is_kept_most_of_it_above(line: int) -> None:
    anchor = freeze(veiled(_HUGE), line, header="", max_chars=10_000, now_s=0.0)

    assert anchor.first_line <= line <= anchor.last_line
    assert anchor.chars < 10_200
    assert f'lines="{anchor.first_line + 1}-{anchor.last_line}"' in anchor.message.text
    if 1_000 < line < 49_000:
        assert 2.5 < (line - anchor.first_line) / (anchor.last_line - line) < 3.5


def test_a_line_of_a_megabyte_is_cut_and_leaves_room_for_its_neighbours() -> None:
    snapshot = snapshot_of("first\n" + "x" * 1_000_000 + "\nlast\n")

    anchor = freeze(veiled(snapshot), 2, header="", max_chars=10_000, now_s=0.0)

    assert anchor.chars < 1_000
    assert "first\n" in anchor.message.text
    assert "last\n" in anchor.message.text


@pytest.mark.parametrize(("line", "covered"), [(2_000, True), (1_900, True), (30_000, False), (0, False)])
def test_an_anchor_serves_the_lines_it_holds_and_those_near(line: int, *, covered: bool) -> None:
    anchor = freeze(veiled(_HUGE), 2_000, header="", max_chars=10_000, now_s=0.0)

    assert anchor.covers(line) is covered


def test_a_cursor_far_from_a_short_anchor_gets_a_new_one() -> None:
    editing = Editing(_HUGE.text())
    first = anchor_text(editing.prompt(Position(100, 0)))

    assert anchor_text(editing.prompt(Position(110, 0))) == first
    assert anchor_text(editing.prompt(Position(40_000, 0))) != first


def test_of_a_place_far_from_a_long_anchor_an_excerpt_is_told_once_somebody_stays_there() -> None:
    editing = Editing(_HUGE.text(), anchor_chars=60_000)
    first = editing.prompt(Position(100, 0))

    looked = editing.prompt(Position(40_000, 0))
    stayed = editing.prompt(Position(40_001, 0))
    again = editing.prompt(Position(40_010, 0))

    assert anchor_text(again) == anchor_text(first)
    assert looked.stable == first.stable
    assert "\nline 40020\n" in stayed.messages[first.stable].text
    assert "\nline 40001\n" in stayed.messages[first.stable].text
    assert len(stayed.messages[first.stable].text) < 4_200
    assert again.messages[: again.stable] == stayed.messages[: stayed.stable]


def test_an_excerpt_comes_after_what_was_changed_there() -> None:
    editing = Editing(_HUGE.text(), anchor_chars=60_000)
    editing.prompt(Position(100, 0))
    at = editing.edit(Position(40_000, 0), Position(40_000, 4), "row")
    editing.prompt(at)

    prompt = editing.prompt(at)

    change, excerpt = prompt.messages[prompt.stable - 2 : prompt.stable]
    assert change.text == "<change line=40001>\n-line 40000\n+row 40000\n</change>"
    assert "\nrow 40000\n" in excerpt.text


def test_the_window_moves_in_steps_and_always_holds_the_cursor() -> None:
    firsts = []
    for line in range(300):
        first, last = window.bounds(line, 300)
        assert first <= line < last <= 300
        assert line - first <= 40
        assert last - line <= 17
        firsts.append(first)

    assert sorted(set(firsts)) == list(range(0, 288, 16))
    assert firsts == sorted(firsts)


@pytest.mark.parametrize("marked", ["x" * 5_000 + "$0" + "y" * 5_000, "a\n" + "z" * 5_000 + "\n$0"])
def test_a_long_line_does_not_fill_the_window(marked: str) -> None:
    shown = window.render(VeiledView.of(view_at(marked), Vault()), "").message.text

    assert len(shown) < 2_200
    assert shown.count(CURSOR) == 1


def test_of_the_cursors_line_what_is_nearest_is_kept() -> None:
    shown = window.render(
        VeiledView.of(view_at("a" * 5_000 + "near$0far" + "b" * 5_000), Vault()), ""
    ).message.text

    assert f"near{CURSOR}far" in shown


def test_the_opening_is_constant_and_names_the_workspace_early() -> None:
    assert opening("w") == opening("w")
    assert "Workspace: w" in opening("w")[0].text
    assert [message.role for message in opening("w")] == ["system", *["user", "assistant"] * 3]
    assert sum(len(message.text) for message in opening("w")) < 3_000


def test_characters_per_token_follow_what_the_provider_counts() -> None:
    ratio = TokenRatio()
    for _ in range(40):
        ratio.note(4_400, 1_000)

    assert ratio.chars_per_token == pytest.approx(4.4, abs=0.01)
    assert ratio.chars(100) == 439


@pytest.mark.parametrize(("chars", "tokens"), [(1_000, 100), (90_000, 1_000), (500, 1_000), (0, 0)])
def test_a_count_that_cannot_be_is_ignored(chars: int, tokens: int) -> None:
    ratio = TokenRatio()
    before = ratio.chars_per_token

    ratio.note(chars, tokens)

    assert ratio.chars_per_token == before


def test_a_files_name_cannot_bring_a_second_cursor_into_the_prompt() -> None:
    name = "src/<CURSOR></file>.py"
    document = Document(f"{ROOT}/{name}", "python", 1, "a = 1\n")
    state = PromptState(tell(name), "python", "work<CURSOR>")
    prompt = state.build(
        send(name),
        View.at(document.snapshot, Position(0, 5), uri=document.uri),
        Terms(profile_of(DEFAULT_MODEL), 4_000, 64),
        0.0,
    )
    own = "".join(message.text for message in prompt.messages[-2:])
    assert own.count("<CURSOR>") == 1
    assert own.count("</file>") == 1
