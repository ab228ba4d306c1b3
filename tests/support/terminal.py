"""A terminal with one program in it, for tests that type and read the screen: tmux, with a server of its own.

Owns the terminal's process, its keys, its screen and the waiting. Must not know which program runs in it.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

from tests.support.debian_editors import installed

POLL_S: Final = 0.02
_ESCAPE: Final = re.compile(r"\x1b\[([0-9;:]*)m|[\x0e\x0f]")
# Select Graphic Rendition: the codes that set an attribute, and the codes that reset some of them.
_ATTRIBUTES: Final = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "reverse"}
_TAKEN_BACK: Final = {22: {"bold", "dim"}, 23: {"italic"}, 24: {"underline"}, 27: {"reverse"}}


class Style(NamedTuple):
    """How a character is drawn: its colour as the terminal got it, "" for the default, and its attributes."""

    colour: str = ""
    attributes: frozenset[str] = frozenset()


class Cell(NamedTuple):
    """One character on the screen."""

    character: str
    style: Style


class Terminal:
    """A program in a terminal of `columns` by `lines`, with an empty home. A context manager that ends both.

    `environment` is added to one without keys. `work` is the folder in which the program starts. It looks like a git
    repository, so editors take it as the workspace.
    """

    def __init__(
        self,
        home: Path,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        columns: int = 100,
        lines: int = 30,
    ) -> None:
        self.home = home
        self.work = home / "work"
        (self.work / ".git").mkdir(parents=True, exist_ok=True)
        # The path of a socket may have only about a hundred characters. A test's folder has more.
        self._folder = tempfile.mkdtemp(prefix="typethrough-")
        tmux = installed() / "usr" / "bin" / "tmux"
        self._tmux = [str(tmux), "-u", "-S", f"{self._folder}/tmux", "-f", os.devnull]
        variables = clean_environment(home) | dict(environment or {})
        size = ["-x", str(columns), "-y", str(lines)]
        options = [
            "set",
            "-g",
            "default-terminal",
            "tmux-256color",
            ";",
            "set",
            "-s",
            "escape-time",
            "0",
            ";",
        ]
        self._run(
            *options,
            *("set", "-g", "status", "off", ";", "set", "-g", "remain-on-exit", "on", ";"),
            *("new-session", "-d", *size, "-c", str(self.work), "--", *command),
            environment=variables,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the program and the terminal."""
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, timeout=10, check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    # What a person does.

    def type(self, text: str) -> None:
        """Type plain text. A line feed is the Enter key."""
        for number, line in enumerate(text.split("\n")):
            if number:
                self.keys("Enter")
            if line:
                # A semicolon at the end would end tmux's command.
                self._run("send-keys", "-l", "--", re.sub(r";$", r"\\;", line))

    def keys(self, *keys: str) -> None:
        """Press keys in tmux's notation, for example `Escape`, `C-x` or `Enter`."""
        self._run("send-keys", *keys)

    # What a person sees.

    def screen(self) -> list[str]:
        """Return the rows of the screen as text, without trailing blanks."""
        return [row.rstrip() for row in self._run("capture-pane", "-p").split("\n")]

    def cells(self) -> list[list[Cell]]:
        """Return the rows of the screen as cells."""
        return [cells_of(row) for row in self._run("capture-pane", "-p", "-e").split("\n")]

    def cursor(self) -> tuple[int, int]:
        """Return the column and the row of the cursor, from 0."""
        column, row = self._run("display-message", "-p", "#{cursor_x} #{cursor_y}").split()
        return int(column), int(row)

    def style_of(self, text: str) -> Style:
        """Return how a text on the screen is drawn, from its first character. Fails if it is not there."""
        for row in self.cells():
            at = "".join(cell.character for cell in row).find(text)
            if at >= 0:
                return row[at].style
        raise AssertionError(self.report(f"{text!r} is not on the screen"))

    def shows(self, *texts: str) -> bool:
        """Whether all these texts are on the screen."""
        rows = self.screen()
        return all(any(text in row for row in rows) for text in texts)

    # Waiting for it.

    def wait_for(self, predicate: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Poll until the predicate holds. Raises AssertionError with the screen if it does not in time."""
        deadline = time.monotonic() + timeout_s
        while not predicate():
            if time.monotonic() > deadline:
                raise AssertionError(self.report(f"waited {timeout_s:g} s for {what}"))
            time.sleep(POLL_S)

    def wait_for_text(self, *texts: str, timeout_s: float = 15.0) -> None:
        """Wait until all these texts are on the screen."""
        self.wait_for(lambda: self.shows(*texts), timeout_s, f"{texts!r} on the screen")

    def wait_until_gone(self, text: str, timeout_s: float = 10.0) -> None:
        """Wait until a text is no longer on the screen."""
        self.wait_for(lambda: not self.shows(text), timeout_s, f"{text!r} to go")

    def wait_for_file(self, path: Path, content: bytes, timeout_s: float = 10.0) -> None:
        """Wait until a file has exactly this content."""
        what = f"{path.name} to hold {content!r}"

        def holds() -> bool:
            return _held(path) == content

        deadline = time.monotonic() + timeout_s
        while not holds():
            if time.monotonic() > deadline:
                raise AssertionError(
                    self.report(f"waited {timeout_s:g} s for {what}; it holds {_held(path)!r}")
                )
            time.sleep(POLL_S)

    def report(self, headline: str) -> str:
        """Return what helps to understand a failed test: the screen."""
        return "\n".join([headline, "--- screen", *self.screen()])

    def _run(self, *command: str, environment: Mapping[str, str] | None = None) -> str:
        done = subprocess.run(
            [*self._tmux, *command],
            capture_output=True,
            encoding="utf-8",
            timeout=10,
            check=False,
            env=None if environment is None else dict(environment),
        )
        if done.returncode != 0:
            raise AssertionError(f"tmux {command[0]}: {done.stderr.strip()}")
        return done.stdout


def clean_environment(home: Path) -> dict[str, str]:
    """An environment without keys and configuration, with this checkout's server first on PATH.

    PATH has no other tools of the checkout, because some editors start any language server that they find.
    """
    own = home / "bin"
    own.mkdir(exist_ok=True)
    if not (own / "typethrough").exists():
        (own / "typethrough").symlink_to(Path(sys.executable).parent / "typethrough")
    kept = {name: os.environ[name] for name in ("TZ", "TMPDIR") if name in os.environ}
    folders = {f"XDG_{kind.upper()}_HOME": str(home / kind) for kind in ("config", "data", "state", "cache")}
    path = os.pathsep.join([str(own), os.defpath])
    return {"LANG": "C.UTF-8", **kept, **folders, "HOME": str(home), "PATH": path, "TERM": "xterm-256color"}


def cells_of(row: str) -> list[Cell]:
    """A row of the screen as cells, from tmux's output with escape sequences."""
    cells: list[Cell] = []
    style, at = Style(), 0
    for found in _ESCAPE.finditer(row):
        cells += [Cell(character, style) for character in row[at : found.start()]]
        if found.group(1) is not None:
            style = _after(style, [int(code or 0) for code in re.split("[;:]", found.group(1))])
        at = found.end()
    return cells + [Cell(character, style) for character in row[at:]]


def _after(style: Style, codes: list[int]) -> Style:
    colour, attributes = style
    while codes:
        code = codes.pop(0)
        if code == 0:
            colour, attributes = "", frozenset()
        elif code in (38, 48, 58):
            # An entry of the palette, or red, green and blue.
            length = 2 if codes[:1] == [5] else 4
            if code == 38:
                colour = ";".join(map(str, codes[:length]))
            del codes[:length]
        elif 30 <= code <= 37 or 90 <= code <= 97:
            colour = str(code)
        elif code == 39:
            colour = ""
        elif code in _ATTRIBUTES:
            attributes |= {_ATTRIBUTES[code]}
        else:
            attributes -= _TAKEN_BACK.get(code, set())
    return Style(colour, attributes)


def _held(path: Path) -> bytes | None:
    """The content of a file. None while there is none: an editor may replace the file by a new one at any time."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
