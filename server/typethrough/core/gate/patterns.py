"""Patterns that name files, in git's own form (gitignore(5)), and what is wrong with one that can match nothing.

Matching is pathspec's. What is added here: a bad line costs itself alone, no pattern can take long, a list of patterns can be
blind to case, and braces, which git does not know and editors do, are written out.
"""

from __future__ import annotations

import re
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING
from warnings import catch_warnings, simplefilter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pathspec import GitIgnoreSpec
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

_BRACES = re.compile(r"(?<!\\)\{([^{}]*)\}")
# A pattern with many braces is written out to no more patterns than this.
_MOST_WRITTEN_OUT = 64
# A line longer than this is no pattern; it could make the matcher slow.
_MOST_CHARS = 1_000
_STARS_IN_A_ROW = re.compile(r"\*{3,}")
# In pathspec's expressions: a star, what stands behind it, and the next star of the same name.
_STAR_TO_STAR = re.compile(
    r"\[\^/\]\*((?>\\.|\[(?!\^/\]\*)\^?\]?[^\]]*\]|[^\\\[\]()/])++)(?=\[\^/\]\*)", re.DOTALL
)
# The same for two stars in a row, at the beginning or further on, and the names up to the next two.
_NAMES = r"((?>\\.|\[\^?\]?[^\]]*\][*+]?|[^\\\[\]()])++)(?=\(\?:/\.\+\)\?)"
_FIRST_STARS = re.compile(r"\^\(\?:\.\+/\)\?" + _NAMES, re.DOTALL)
_NEXT_STARS = re.compile(r"\(\?:/\.\+\)\?" + _NAMES, re.DOTALL)

# How pathspec begins the expression of a pattern for any folder, and how it ends one. That name may stand only once where
# expressions are joined.
_ANYWHERE = "^(?:.+/)?"
_NAMED_SLASH = re.compile(r"\(\?P<ps_d>/\)(?=(?:\|\$\))?$)")


class Patterns:
    """The patterns of one list, such as one ignore file. Built in any case: a line that is no pattern is left out.

    `any_case`: upper and lower case count as the same, as for files that must not be missed.
    """

    def __init__(self, lines: Iterable[str], *, any_case: bool = False) -> None:
        self._any_case = any_case
        self._lines = [line for line in lines if line.strip()]

    def __bool__(self) -> bool:
        return self._spec is not None

    @cached_property
    def _spec(self) -> GitIgnoreSpec | None:
        # Compiled at the first look at a file: the server's start does not wait for it.
        lines = (line.casefold() if self._any_case else line for line in self._lines)
        patterns = [pattern for line in lines if (pattern := _pattern(line)) is not None]
        if not patterns:
            return None
        from pathspec import GitIgnoreSpec

        return GitIgnoreSpec(patterns)

    @cached_property
    def _any(self) -> re.Pattern[str] | None:
        """All patterns as one expression: it fits what any of them fits, in a tenth of the time. None where that cannot be."""
        others, anywhere = [], []
        for pattern in self._spec.patterns if self._spec is not None else ():
            expression = _NAMED_SLASH.sub("/", pattern.regex.pattern if pattern.regex is not None else "")
            if expression.startswith(_ANYWHERE):
                anywhere.append(expression.removeprefix(_ANYWHERE))
            else:
                others.append(expression if expression.startswith("^") else f"(?s:.*){expression}")
        # What most of them begin with is read once for all of these.
        joined = [f"{_ANYWHERE}(?:{'|'.join(anywhere)})"] if anywhere else []
        try:
            return re.compile("|".join(others + joined))
        except re.error:
            return None

    def verdict(self, path: str, *, is_folder: bool = False) -> bool | None:
        """What the last pattern that fits says of a path relative to the list's folder: named, taken out again, or nothing.

        `path` has slashes and begins with none. Says nothing about the folders that hold it.
        """
        if self._spec is None:
            return None
        path = f"{path}/" if is_folder else path
        path = path.casefold() if self._any_case else path
        if self._any is not None and self._any.match(path.removeprefix("./")) is None:
            # So it is with nearly every file.
            return None
        return self._spec.check_file(path).include


def usable(line: str) -> bool:
    """Whether a line of an ignore file can name anything."""
    return _pattern(line) is not None


def problem(pattern: str) -> str:
    """What is wrong with a pattern of a setting, as the end of a sentence; empty when it can match something."""
    if "\\" in pattern and re.search(r"\\[\w.]", pattern):
        return "has a backslash, which takes the next character as it is; folders are separated by /"
    if pattern.startswith("~"):
        return "begins with ~, which is not a folder here; write the folder's name or its whole path"
    if "//" in pattern:
        return "has two slashes in a row, which no path has"
    if _BRACES.search(pattern):
        return "has braces, which git's patterns do not know; it is read as one pattern for each choice"
    if pattern.startswith("#"):
        return r"begins with #, which makes it a comment; write \#"
    return "" if usable(pattern) else "is no pattern that can match a file"


def written_out(patterns: Iterable[str]) -> Iterator[str]:
    """The patterns, with braces written out: `*.{pem,key}` as `*.pem` and `*.key`."""
    for pattern in patterns:
        parts = _BRACES.split(pattern)
        # Every second part is what stood between braces.
        choices = [part.split(",") if number % 2 else [part] for number, part in enumerate(parts)]
        for count, chosen in enumerate(product(*choices)):
            if count == _MOST_WRITTEN_OUT:
                break
            yield "".join(chosen)


def _pattern(line: str) -> GitIgnoreSpecPattern | None:
    """The pattern in a line of an ignore file; None when there is none, or one that is malformed."""
    bare = line.strip()
    if not bare or bare.startswith("#") or len(line) > _MOST_CHARS:
        return None
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    try:
        expression, include = GitIgnoreSpecPattern.pattern_to_regex(_STARS_IN_A_ROW.sub("**", line))
        if expression is None or include is None:
            return None
        # A set such as `[[]` is fine in git's patterns; Python's expressions warn that it may mean more one day.
        with catch_warnings():
            simplefilter("ignore", FutureWarning)
            return GitIgnoreSpecPattern(re.compile(_quick(expression)), include=include)
    except (ValueError, re.error):
        return None


def _quick(expression: str) -> str:
    """The same expression, which does not try again: with each star more, the time that takes is some hundred times as long.

    What a star covers may end at the first place where what stands behind it fits, for the next star covers the rest.
    """
    quick = _FIRST_STARS.sub(r"^(?>(?:.+?/)??\1(?=/))", expression)
    quick = _NEXT_STARS.sub(r"(?>(?:/.+?)??\1(?=/))", quick)
    return _STAR_TO_STAR.sub(r"(?>[^/]*?\1)", quick)
