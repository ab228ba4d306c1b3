"""Removes signs before each line of an answer: those of a diff, and line numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.document.scan import family_of, without_comment
from typethrough.core.dressing.draft import NOTHING_YET, Draft

if TYPE_CHECKING:
    from collections.abc import Callable

    from typethrough.core.document.view import View

    # Returns the new line, or None to leave it out. The second argument says that the line may be unfinished.
    Rewrite = Callable[[str, bool], str | None]

_FAMILIES: Final = frozenset(("python", "js", "c", "go", "rust", "lua", "ruby", "css", "shell", "sql"))
_FIRST: Final = re.compile(r"\s*[-+@d\d]")
_HEADER: Final = re.compile(
    r"@@ -\d|diff --git |--- (?:a/|/dev/null|\S+\n\+\+\+ )|\+\+\+ \S|index [0-9a-f]{6}"
)
_HALF_HEADER: Final = re.compile(
    r"(?:@@?(?: -?)?|d(?:i(?:f(?:f(?: -{0,2}[git]{0,3})?)?)?)?|---? ?(?:\S*\n?\+{0,3} ?)?|\+\+\+? ?)\Z"
)
_LEFT_OUT: Final = re.compile(r"@@ |diff --git |--- \S|\+\+\+ \S|index [0-9a-f]{6}|\\ No newline")
_HALF_LEFT_OUT: Final = re.compile(
    r"(?:@@?|\+\++ ?|--+ ?|d(?:i(?:f(?:f(?: -{0,2})?)?)?)?|i(?:n(?:d(?:ex?)?)?)?|\\)\Z"
)
_NUMBER: Final = re.compile(r"[ \t]*(\d{1,6})(?:[ \t]*(\|)[ \t]?|(:)[ \t]?|(\t))")
_HALF_NUMBER: Final = re.compile(r"[ \t]*\d{0,6}[ \t]*[|:]?\Z")
_NUMBERED: Final = re.compile(r"\s*\d+\s*[|:\t]")
_HERE_DOCUMENT: Final = re.compile(r"<<-?\s*\\?['\"]?[A-Za-z]")
_COMPLETE: Final = re.compile(r"[;{}:,]\Z")


def unsigned(draft: Draft, view: View, *, is_diff: bool) -> Draft:
    """The text without diff signs or line numbers before its lines. `is_diff`: the answer stood in a diff fence."""
    text, done = draft
    if (
        not _FIRST.match(text)
        or family_of(view.language_id) not in _FAMILIES
        or (view.state.inside and not is_diff)
    ):
        return draft
    if family_of(view.language_id) == "shell" and _HERE_DOCUMENT.search(view.near()):
        return draft
    start = len(text) - len(text.lstrip("\n"))
    if view.line_prefix.strip() and not start:
        return draft
    lines = text[start:]
    rewrite = _diff(lines, view, done=done, is_diff=is_diff, below=start > 0)
    if rewrite is _same:
        rewrite = _numbers(lines, view, done=done, below=start > 0)
    if rewrite is None:
        return NOTHING_YET
    if rewrite is _same:
        return draft
    said = _rewritten(lines, rewrite, done=done)
    return Draft(text[:start] + said, done) if said or done else NOTHING_YET


def _rewritten(lines: str, rewrite: Rewrite, *, done: bool) -> str:
    *whole, last = lines.split("\n")
    said = [f"{new}\n" for line in whole if (new := rewrite(line, False)) is not None]
    said.append(rewrite(last, not done) or "")
    return "".join(said)


def _same(line: str, _half: bool) -> str:
    return line


def _diff(lines: str, view: View, *, done: bool, is_diff: bool, below: bool) -> Rewrite | None:
    """How to rewrite the lines of a diff; `_same` if it is none. None: not known yet."""
    is_headed = _HEADER.match(lines) is not None
    if is_diff or is_headed:
        return _patched(has_header=is_headed or lines[:1] not in {"+", "-"})
    if not done and _HALF_HEADER.match(lines):
        return None
    sign, content = lines[:1], lines[1:]
    if sign not in {"+", "-"} or content.startswith(sign):
        return _same
    if sign == "-":
        # In a diff, removed lines come before added ones.
        for line in lines.split("\n"):
            if not line.startswith("-"):
                return _patched(has_header=False) if line.startswith("+") else _same if line or done else None
        return _same if done else None
    if not content.strip() and not done and "\n" not in content:
        return None
    if not _is_statement(view, below=below) and not (
        content.startswith(("  ", "\t")) and not _in_brackets(view)
    ):
        return _same
    return _patched(has_header=False)


def _patched(*, has_header: bool) -> Rewrite:
    """A function that rewrites the lines of a diff. Lines before the first sign only say where it belongs, so they are left
    out.
    """
    began = not has_header

    def rewrite(line: str, half: bool) -> str | None:
        nonlocal began
        if half and _HALF_LEFT_OUT.match(line):
            return None
        if _LEFT_OUT.match(line) or line.startswith("-"):
            return None
        if line.startswith("+"):
            began = True
            return line[1:]
        if not began:
            return None
        return line.removeprefix(" ")

    return rewrite


def _in_brackets(view: View) -> bool:
    return not {"(", "["}.isdisjoint(view.state.opened)


def _is_statement(view: View, *, below: bool) -> bool:
    """Whether a statement begins here. Then a `+` or `-` is not part of a calculation."""
    before = view.line_prefix if below else view.previous_line()
    code = without_comment(before, view.language_id).strip()
    if not code or _in_brackets(view):
        return not code
    if family_of(view.language_id) in {"python", "ruby", "lua", "go"}:
        return code[-1] not in "+-*/\\,=|&"
    return _COMPLETE.search(code) is not None


def _numbers(lines: str, view: View, *, done: bool, below: bool) -> Rewrite | None:
    """How to rewrite lines with numbers; `_same` if they have none. None: not known yet."""
    found = _NUMBER.match(lines)
    if found is None:
        half = not done and "\n" not in lines and _HALF_NUMBER.match(lines)
        return None if half else _same
    number = int(found[1])
    before = view.line_prefix if below else view.previous_line()
    if _NUMBERED.match(before) or _in_brackets(view):
        return _same
    is_here = number == view.position.line + 1 + below
    if found[3] and ("{" in view.state.opened and family_of(view.language_id) == "python"):
        # This is a key of a dictionary.
        return _same
    if not is_here:
        _, ended, rest = lines.partition("\n")
        following = _NUMBER.match(rest)
        if following is None:
            return None if not done and (not ended or _HALF_NUMBER.match(rest)) else _same
        if found[3] or int(following[1]) != number + 1:
            return _same

    def rewrite(line: str, half: bool) -> str | None:
        if half and _HALF_NUMBER.match(line):
            return None
        numbered = _NUMBER.match(line)
        return (
            line[numbered.end() :] if numbered is not None and numbered.lastindex == found.lastindex else line
        )

    return rewrite
