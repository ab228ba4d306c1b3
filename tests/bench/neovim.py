"""From a key to ghost text on the screen of a real Neovim, when the answer is known: `python -m tests.bench.neovim`.

Owns the stopwatch and the table. Three keys are timed: one that types what is shown (the rest must stay), one that accepts (what
follows is known, for the stream brought it), and one that takes a slip back (the server has the answer in its cache). The first
row is the editor alone, with neither a server nor a plugin: what any key costs in such an editor. A gateway simulator that
answers at once stands for the model.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.support import simulator
from tests.support.neovim import BUILT_IN_ONLY, Neovim

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.neovim_screen import Screen

_LINES: Final = 40
_SLIPS: Final = 30
# A person looks at a line before taking it; meanwhile the stream goes on.
_PACE_S: Final = 0.3
_HEAD: Final = "def weigh(items):\n"
_BODY: Final = [
    f"    weight_{n} = items[{n * 7 % 31}].weight * {n * n % 97} + offset_{n}" for n in range(_LINES)
]
# Nothing is written to the log while the stopwatch runs.
_QUIET: Final = "require('vim.lsp.log').set_level('OFF')\n"


@dataclass(frozen=True)
class Contestant:
    """Who draws: a version of Neovim, with our plugin, with its own client alone, or with no server at all."""

    name: str
    version: str
    plugin: bool = True
    init_lua: str = ""
    server: bool = True


@dataclass
class Times:
    """Seconds from key to screen."""

    typed: list[float] = field(default_factory=list)
    accepted: list[float] = field(default_factory=list)
    corrected: list[float] = field(default_factory=list)


CONTESTANTS: Final = (
    Contestant("0.12, no server", "0.12", plugin=False, server=False),
    Contestant("0.12, our view", "0.12"),
    Contestant("0.11, our view", "0.11"),
    Contestant("0.10, our view", "0.10"),
    Contestant("0.12, built-in client", "0.12", plugin=False, init_lua=BUILT_IN_ONLY),
)


def _shows(ghost: str, line: str = "") -> Callable[[Screen], bool]:
    """Whether this ghost text is on the screen, and, when it is given, this text in the line with the cursor."""

    def seen(screen: Screen) -> bool:
        cells = screen.rows[screen.cursor[0]]
        return screen.ghost() == ghost and (not line or "".join(cell.text for cell in cells).rstrip() == line)

    return seen


def _stands_in(column: int) -> Callable[[Screen], bool]:
    return lambda screen: screen.cursor[1] == column


def measure(contestant: Contestant, folder: Path) -> Times:
    """Type, accept and correct in one editor."""
    truth = folder / "weigh.py"
    truth.write_text(_HEAD + "\n".join(_BODY) + "\n", encoding="utf-8")
    times = Times()
    with (
        simulator.start(truth=[truth]) as gateway,
        Neovim(
            Path(tempfile.mkdtemp(dir=folder)),
            environment={
                "TYPETHROUGH_BASE_URL": gateway.base_url,
                "TYPETHROUGH_CATALOGUE": "false",
                "TYPETHROUGH_LOCAL_LANE": "false",
                "TYPETHROUGH_MAX_OUTPUT_TOKENS": "2000",
            },
            init_lua=contestant.init_lua + _QUIET,
            plugin=contestant.plugin,
            version=contestant.version,
            lines=_LINES + 20,
        ) as editor,
    ):
        editor.open("weigh.py", _HEAD)
        if contestant.server:
            editor.attach()
        editor.keys("o")
        if not contestant.server:
            for column, character in enumerate(_BODY[0].strip(), 5):
                times.typed.append(editor.press_until(character, _stands_in(column)))
            return times
        _type_through(editor, times)
        _accept(editor, times)
        _correct(editor, times)
    return times


def _type_through(editor: Neovim, times: Times) -> None:
    """Lines 0 to 4: each key leaves the whole line on screen, one character less of it as ghost text."""
    for whole in _BODY[:5]:
        editor.wait_for_ghost(whole.strip())
        for count in range(4, len(whole) - 1):
            times.typed.append(editor.press_until(whole[count], _shows(whole[count + 1 :], whole)))
        editor.type(whole[-1] + "\n")


def _accept(editor: Neovim, times: Times) -> None:
    """Lines 5 to 29: each Tab takes one line, and the next one is on screen below."""
    editor.wait_for_ghost(_BODY[5].strip())
    for following in _BODY[6:30]:
        time.sleep(_PACE_S)
        times.accepted.append(editor.press_until("<Tab>", _shows(following)))
    editor.keys("<Tab>")


def _correct(editor: Neovim, times: Times) -> None:
    """A wrong key takes ghost text away; when the backspace has taken that back, it is there again."""
    editor.type("\nweight_30 = it")
    shown = editor.wait_for_ghost(_BODY[30].partition(" = it")[2])
    for _ in range(_SLIPS):
        editor.press_until("~", lambda screen: screen.ghost() != shown)
        times.corrected.append(editor.press_until("<BS>", _shows(shown)))


def _ms(seconds: list[float]) -> str:
    if not seconds:
        return "–"
    ordered = sorted(seconds)
    late = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    return f"{statistics.median(ordered) * 1000:.1f} / {late * 1000:.1f} (n={len(ordered)})"


def main() -> None:
    """Measure every contestant, one after the other, and print the table."""
    print("| Neovim | types what is shown | accepts, the next is there | takes a slip back |")
    print("| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for contestant in CONTESTANTS:
            times = measure(contestant, Path(folder))
            cells = (contestant.name, _ms(times.typed), _ms(times.accepted), _ms(times.corrected))
            print("| " + " | ".join(cells) + " |", flush=True)
    print("\nmilliseconds from the key to the screen, median / 95th percentile")


if __name__ == "__main__":
    main()
