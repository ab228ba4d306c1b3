"""The test places for `evaluate`: lines of a git repository, the newest first, with the text that is hidden at each.

Reads only git. The caller decides which files may be used.
"""

from __future__ import annotations

import random
import re
import subprocess
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.cli import UsageError
from typethrough.core.document.document import bare_lines
from typethrough.core.document.uris import PLAIN_TEXT, language_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# A git command that takes longer than this works on more data than we need.
_GIT_S: Final = 60.0
_MOST_COMMITS: Final = 300
_MOST_FILES: Final = 40
_MOST_FILE_CHARS: Final = 400_000
# Requests at two places closer than this would have nearly the same text.
_LINES_APART: Final = 8
_MOST_HIDDEN_LINES: Final = 6
_LEAST_HIDDEN_CHARS: Final = 4
# The repository's own configuration must not make git run another program.
_QUIET: Final = ("-c", "core.fsmonitor=false", "-c", "log.showSignature=false", "--no-pager")
_COMMITTED: Final = re.compile(r"committer-time (\d+)")
_BLAMED: Final = re.compile(r"[0-9a-f]{40,64} \d+ (\d+)")
_TOKEN: Final = re.compile(r"\w+|[^\w\s]")


class Hole(NamedTuple):
    """A place in a file. `before` is the text before the cursor, `behind` the text after the hidden part.

    `hidden` is the rest of the cursor's line, and perhaps lines below.
    """

    path: Path
    before: str
    hidden: str
    behind: str


def repository_of(path: Path) -> Path:
    """The root of the git repository that contains a file or folder. Raises UsageError."""
    folder = path if path.is_dir() else path.parent
    if not folder.is_dir():
        raise UsageError(f"{path} does not exist")
    root = _git(folder, "rev-parse", "--show-toplevel").rstrip("\n")
    return type(path)(root)


def holes(root: Path, below: Path, count: int, seed: int, may: Callable[[Path], bool]) -> list[Hole]:
    """Up to `count` places in a repository's files that are in, or are, `below`. `may` decides whether a file can be used.

    The text is that of the last commit. Lines committed last come first. The same seed gives the same places. Raises
    UsageError.
    """
    dated: list[tuple[int, str, int]] = []
    texts: dict[str, list[str]] = {}
    for name in _changed_last(root, below):
        if len(texts) == _MOST_FILES:
            break
        if language_of(name) in ("", PLAIN_TEXT) or not may(root / name):
            continue
        text = _git(root, "show", f"HEAD:{name}", fails=True)
        if text and "\0" not in text and len(text) <= _MOST_FILE_CHARS:
            texts[name] = bare_lines(text)
            dated += [(-time_s, name, line) for line, time_s in _dates(root, name)]
    # A recently changed file can have older lines than other files, so all lines are sorted by date.
    dated.sort()
    return list(_spread(root, dated, texts, count, seed))


def _spread(
    root: Path, dated: list[tuple[int, str, int]], texts: dict[str, list[str]], count: int, seed: int
) -> Iterator[Hole]:
    """Yield places in the order of `dated`, with a distance between them, and at most a share of them from one file."""
    taken: dict[str, list[int]] = {}
    share = max(3, count // 4)
    for _, name, line in dated:
        others = taken.setdefault(name, [])
        if len(others) == share or any(abs(line - other) < _LINES_APART for other in others):
            continue
        hole = _hole(root / name, texts[name], line, random.Random(f"{seed} {name} {line}"))  # noqa: S311
        if hole is not None:
            others.append(line)
            yield hole
            if sum(map(len, taken.values())) == count:
                return


def _hole(path: Path, lines: list[str], line: int, draw: random.Random) -> Hole | None:
    """A place at the beginning of a randomly drawn token of a line. None if the line has too little text."""
    if line >= len(lines):
        return None
    text = lines[line]
    columns = [
        token.start()
        for token in _TOKEN.finditer(text)
        if len(text[token.start() :].strip()) >= _LEAST_HIDDEN_CHARS
    ]
    if not columns:
        return None
    column = draw.choice(columns)
    end = _hidden_end(lines, line)
    before = "\n".join([*lines[:line], text[:column]])
    hidden = "\n".join([text[column:], *lines[line + 1 : end]])
    return Hole(path, before, hidden, "".join("\n" + one for one in lines[end:]))


def _hidden_end(lines: list[str], line: int) -> int:
    """The first line that stays visible. Hidden: the line, and those below with its indentation or more, six at most."""
    indent = _indent(lines[line])
    end = line + 1
    while end < min(len(lines), line + _MOST_HIDDEN_LINES) and lines[end].strip():
        if _indent(lines[end]) < indent:
            break
        end += 1
    return end


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _changed_last(root: Path, below: Path) -> list[str]:
    """The names, relative to the root, of the files that the last commits changed. Newest first."""
    form = ("--format=", "--name-only", "--no-renames", "-z", "--diff-filter=AM")
    told = _git(root, "log", *form, "-n", str(_MOST_COMMITS), "--", str(below.resolve()))
    return list(dict.fromkeys(filter(None, re.split("[\0\n]", told))))


def _dates(root: Path, name: str) -> Iterator[tuple[int, int]]:
    """Yield the lines of a file in its last committed form, each with the time of its commit in seconds."""
    line = 0
    for told in _git(root, "blame", "--line-porcelain", "HEAD", "--", name).split("\n"):
        if blamed := _BLAMED.match(told):
            line = int(blamed[1]) - 1
        elif committed := _COMMITTED.match(told):
            yield line, int(committed[1])


def _git(folder: Path, *arguments: str, fails: bool = False) -> str:
    """git's output. If git fails: an empty string if `fails`, else raises UsageError with the first line of its error."""
    command = ("git", "-C", str(folder), *_QUIET, *arguments)
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=_GIT_S)  # noqa: S603
    except FileNotFoundError:
        raise UsageError(
            "git is needed to find the lines of the last commits, and is not installed"
        ) from None
    except subprocess.TimeoutExpired:
        raise UsageError(f"git {arguments[0]} took more than {_GIT_S:.0f} s") from None
    if done.returncode and not fails:
        said = done.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise UsageError(f"git {arguments[0]}: {said or 'it failed'}")
    return "" if done.returncode else done.stdout.decode(errors="replace")
