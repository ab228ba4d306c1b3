"""What a person sees in a real VS Code while typing on as suggested: the text stays, and no bracket or quote is doubled."""

from itertools import pairwise

import pytest

from tests.e2e.conftest import ACCOUNTS_HEAD, ACCOUNTS_TAIL
from tests.support.simulator import Simulator
from tests.support.vscode import Seen, VSCode

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

LINES = ACCOUNTS_TAIL.splitlines()
RHYTHM_MS = 60
CLOSERS = "\"'`)]} "


def taken_away(seen: list[Seen], line: str) -> list[tuple[Seen, Seen]]:
    """Return where ghost text that was still right for `line` went away, or lost some of itself, under the typing."""
    of_line = [one for one in seen if one.line is not None and line.startswith(one.line.rstrip(CLOSERS))]
    return [
        (one, then)
        for one, then in pairwise(of_line)
        if one.ghost and not (then.shown or "").startswith(one.shown or "")
    ]


def begin(editor: VSCode, number: int, typed: str) -> str:
    """Open the file as it is before line `number` of the function, type the beginning of that line, wait for ghost text."""
    line = LINES[number]
    indent = line[: len(line) - len(line.lstrip())]
    editor.open("accounts.py", ACCOUNTS_HEAD + "".join(f"{before}\n" for before in LINES[:number]) + indent)
    editor.type(typed)
    return editor.wait_for_ghost()


def test_typing_two_hundred_characters_through_suggestions_takes_none_away(
    editor: VSCode, model: Simulator
) -> None:
    editor.open("accounts.py", ACCOUNTS_HEAD)
    typed = 0
    for number, line in enumerate(LINES):
        text = line.lstrip()
        start = 8 if number == 0 else 0
        editor.type(text[:start] if number == 0 else "\n")
        editor.wait_for(lambda text=text: text[-8:] in editor.page("typethrough.shown()"), 10, f"{text!r}")  # type: ignore[misc]
        editor.forget()
        # Slow enough that the server's answer to one key comes before the next, as it does for a person.
        editor.type(text[start:], RHYTHM_MS)
        editor.wait_for_text(ACCOUNTS_HEAD + "\n".join(LINES[: number + 1]))
        assert taken_away(editor.changes(), line) == []
        typed += len(text) - start
    assert typed >= 200
    assert len(model.log()) <= len(LINES)


@pytest.mark.parametrize(
    ("number", "typed"),
    [
        (0, "def settle_outstanding_amounts("),
        (0, "def settle_outstanding_amounts(acc"),
        (3, "print("),
        (3, 'print(f"se'),
        (3, 'print(f"settled {rou'),
        (4, "first, second = accounts[0"),
        (5, "return {"),
        (5, 'return {"'),
        (5, 'return {"am'),
    ],
)
def test_what_the_editor_closes_by_itself_is_not_doubled(editor: VSCode, number: int, typed: str) -> None:
    begin(editor, number, typed)
    editor.press("Tab")
    editor.wait_for_text(ACCOUNTS_HEAD + "\n".join(LINES[: number + 1]))
