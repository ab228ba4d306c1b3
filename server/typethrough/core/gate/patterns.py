"""Patterns for file names in git's form (gitignore(5)), and what is wrong with a pattern that can match nothing.

pathspec does the matching. We add: a bad line is skipped and the others still count; no pattern can take long; a list can
ignore case; and braces, which editors allow and git does not, are expanded.
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
# A pattern with braces is expanded to at most this many patterns.
_MOST_WRITTEN_OUT = 64
# A longer line is not a pattern, and could make the matcher slow.
_MOST_CHARS = 1_000
_STARS_IN_A_ROW = re.compile(r"\*{3,}")
# In pathspec's regular expressions: a star, the text after it, up to the next star in the same part of the path.
_STAR_TO_STAR = re.compile(
    r"\[\^/\]\*((?>\\.|\[(?!\^/\]\*)\^?\]?[^\]]*\]|[^\\\[\]()/])++)(?=\[\^/\]\*)", re.DOTALL
)
# The same for `**`, at the start or later: the names after it, up to the next `**`.
_NAMES = r"((?>\\.|\[\^?\]?[^\]]*\][*+]?|[^\\\[\]()])++)(?=\(\?:/\.\+\)\?)"
_FIRST_STARS = re.compile(r"\^\(\?:\.\+/\)\?" + _NAMES, re.DOTALL)
_NEXT_STARS = re.compile(r"\(\?:/\.\+\)\?" + _NAMES, re.DOTALL)

# How pathspec begins the expression of a pattern that matches in any folder, and how it ends one. The group at the end has a
# name, which may occur only once when expressions are joined.
_ANYWHERE = "^(?:.+/)?"
_NAMED_SLASH = re.compile(r"\(\?P<ps_d>/\)(?=(?:\|\$\))?$)")


class Patterns:
    """The patterns of one list, such as one ignore file. Lines that are no valid pattern are skipped.

    `any_case`: ignore the difference of upper and lower case, for files that must not be missed.
    """

    def __init__(self, lines: Iterable[str], *, any_case: bool = False) -> None:
        self._any_case = any_case
        self._lines = [line for line in lines if line.strip()]

    def __bool__(self) -> bool:
        return self._spec is not None

    @cached_property
    def _spec(self) -> GitIgnoreSpec | None:
        # Compiled when the first file is checked, so that the server's start does not wait for it.
        lines = (line.casefold() if self._any_case else line for line in self._lines)
        patterns = [pattern for line in lines if (pattern := _pattern(line)) is not None]
        if not patterns:
            return None
        from pathspec import GitIgnoreSpec

        return GitIgnoreSpec(patterns)

    @cached_property
    def _any(self) -> re.Pattern[str] | None:
        """All patterns joined into one expression. It tells in a tenth of the time whether any matches. None if joining
        fails.
        """
        others, anywhere = [], []
        for pattern in self._spec.patterns if self._spec is not None else ():
            expression = _NAMED_SLASH.sub("/", pattern.regex.pattern if pattern.regex is not None else "")
            if expression.startswith(_ANYWHERE):
                anywhere.append(expression.removeprefix(_ANYWHERE))
            else:
                others.append(expression if expression.startswith("^") else f"(?s:.*){expression}")
        # Most patterns have the same beginning, so it is matched once for all of them.
        joined = [f"{_ANYWHERE}(?:{'|'.join(anywhere)})"] if anywhere else []
        try:
            return _compiled("|".join(others + joined))
        except re.error:
            return None

    def verdict(self, path: str, *, is_folder: bool = False) -> bool | None:
        """The answer of the last pattern that matches: True (named), False (named by a `!` pattern, so allowed), None (no
        match).

        `path` is relative to the list's folder, with slashes and without one at the start. Folders above it are not checked.
        """
        if self._spec is None:
            return None
        path = f"{path}/" if is_folder else path
        path = path.casefold() if self._any_case else path
        if self._any is not None and self._any.match(path.removeprefix("./")) is None:
            # This is the case for nearly every file.
            return None
        return self._spec.check_file(path).include


def usable(line: str) -> bool:
    """Whether a line of an ignore file is a pattern that can match something."""
    return _pattern(line) is not None


def problem(pattern: str) -> str:
    """What is wrong with a pattern in a setting, as the end of a sentence. Empty when it can match something."""
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
    """The patterns with braces expanded: `*.{pem,key}` becomes `*.pem` and `*.key`."""
    for pattern in patterns:
        parts = _BRACES.split(pattern)
        # Every second part was between braces.
        choices = [part.split(",") if number % 2 else [part] for number, part in enumerate(parts)]
        for count, chosen in enumerate(product(*choices)):
            if count == _MOST_WRITTEN_OUT:
                break
            yield "".join(chosen)


def _pattern(line: str) -> GitIgnoreSpecPattern | None:
    """The pattern in a line of an ignore file. None when the line is empty, a comment or malformed."""
    bare = line.strip()
    if not bare or bare.startswith("#") or len(line) > _MOST_CHARS:
        return None
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    try:
        expression, include = GitIgnoreSpecPattern.pattern_to_regex(_STARS_IN_A_ROW.sub("**", line))
        if expression is None or include is None:
            return None
        return GitIgnoreSpecPattern(_compiled(_quick(expression)), include=include)
    except (ValueError, re.error):
        return None


def _compiled(expression: str) -> re.Pattern[str]:
    """Raises re.error."""
    # A set such as `[[]` is valid for git. Python warns that its meaning may change one day, so silence that.
    with catch_warnings():
        simplefilter("ignore", FutureWarning)
        return re.compile(expression)


def _quick(expression: str) -> str:
    """Change the expression so that it does not backtrack. Else each further star makes matching some hundred times slower.

    This is safe: a star may end at the first place where the text after it matches, because the next star matches the rest.
    """
    quick = _FIRST_STARS.sub(r"^(?>(?:.+?/)??\1(?=/))", expression)
    quick = _NEXT_STARS.sub(r"(?>(?:/.+?)??\1(?=/))", quick)
    return _STAR_TO_STAR.sub(r"(?>[^/]*?\1)", quick)
