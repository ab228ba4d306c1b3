"""What the Neovim tests do again and again: which Neovims to try, opening the known file, and waiting for rest."""

from itertools import pairwise

from tests.e2e.conftest import HEAD, TAIL
from tests.support.neovim import Neovim, View
from tests.support.simulator import Simulator

TYPED = "def lab"
REST = TAIL.removeprefix(TYPED).rstrip("\n")

OWN = (View("0.12"), View("0.11"), View("0.10"))
ALL = (*OWN, View("0.12", built_in=True))


def open_and_type(
    editor: Neovim, typed: str = TYPED, content: str | bytes = HEAD, *, growing: bool = False
) -> str:
    """Open the known file without its last function, begin to type that, and return the ghost text that appears.

    That is all of it, unless `growing`: then it is the first of it that was seen.
    """
    editor.open("labels.py", content)
    editor.attach()
    editor.keys("Go")
    editor.type(typed)
    first = editor.wait_for_ghost()
    if growing:
        return first
    editor.wait_for(
        lambda: all("ended_ms" in request for request in editor.requests()), 10, "the whole answer"
    )
    return editor.wait_for_ghost()


def press(editor: Neovim, character: str, line: str) -> None:
    """Type a character and wait until the buffer's last line begins with what it should."""
    editor.type(character)
    editor.wait_for(lambda: editor.buffer()[-1].startswith(line), 5, f"the key {character}")


def at_rest(editor: Neovim, gateway: Simulator) -> int:
    """Wait until the editor has asked about what it holds and nothing is under way; return the upstream requests."""

    def settled() -> bool:
        asked = editor.requests()
        last = editor.lua("return vim.b.changedtick")
        return (
            bool(asked)
            and all("ended_ms" in request for request in asked)
            and asked[-1]["tick"] == last
            and all(record["ending"] for record in gateway.log())
        )

    editor.wait_for(settled, 10, "all requests to be answered")
    return len(gateway.log())


def removals(ghosts: list[str]) -> list[tuple[str, str]]:
    """Return each pair of screens, one after the other, in which ghost text that was being typed vanished or was rewritten.

    Blanks and line breaks are left out: the editor indents a new line by itself, and a line below is a line of its own.
    """
    bare = ["".join(ghost.split()) for ghost in ghosts]
    return [
        (ghosts[number], ghosts[number + 1])
        for number, (before, after) in enumerate(pairwise(bare))
        if not after.startswith((before, before[1:]))
    ]
