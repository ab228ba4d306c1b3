"""Follows a proposed text through the user's edits, to tell whether what was typed since still fits it.

A *trail* is the place where a text was proposed (its origin) and the place up to which the user has typed since. Shown
suggestions and running streams are followed in this way at each edit, not only at the next request. Proposed texts use
``\\n`` as line end; text of the document is compared in the same form.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from typethrough.core.document.document import Position

if TYPE_CHECKING:
    from typethrough.core.document.document import Edit, Snapshot
    from typethrough.core.document.view import View

_CLOSER_OF = {"(": ")", "[": "]", "{": "}", '"': '"', "'": "'", "`": "`", "<": ">"}
_CLOSERS = frozenset(_CLOSER_OF.values())
# A longer replacement is neither a completed word nor a bracket that was typed over. Searching its core would be expensive.
_MAX_REPLACED_CHARS = 500
# Answers are cut at this length, so no proposed text is longer. Text further above the cursor cannot be the origin of
# one, and a longer paste at its place cannot fit it.
LONGEST_CHARS = 4_000


class Trail(NamedTuple):
    """Where a text was proposed, and how far the user has typed since. Both are places in the current document."""

    origin: Position
    end: Position


class _Change(NamedTuple):
    """An edit without the characters that it replaced by the same ones."""

    start: Position
    end: Position
    new_end: Position
    removed: str
    inserted: str


def fits(typed: str, text: str, *, growing: bool) -> bool:
    """Whether `typed` is the beginning of `text`, or with `growing` whether the text may still become what was typed."""
    return text.startswith(typed) or (growing and typed.startswith(text))


def typed_between(snapshot: Snapshot, start: Position, end: Position) -> str:
    """The document's text between two places, with ``\\n`` for every line end."""
    return _unified(snapshot.slice(start, end)) if start < end else ""


def follow(trail: Trail, edit: Edit, snapshot: Snapshot, text: str, *, growing: bool) -> Trail | None:
    """The trail after `edit`, which is already applied in `snapshot`. None if `text` no longer fits: it diverged."""
    origin, end = trail
    if _is_above(edit, origin):
        # An edit above, such as an added import, moves the place but does not change the question.
        shift = edit.new_end.line - edit.end.line
        return Trail(Position(origin.line + shift, origin.column), Position(end.line + shift, end.column))
    if (moved := _moved_down(trail, edit, snapshot)) is not None:
        return moved
    if edit.start.line > end.line:
        # An edit below does not matter, unless it inserts the proposed text. Editors that compare lines may report a typed line
        # break as one after the line breaks that follow it.
        near = edit.new_end.line - origin.line <= text.count("\n") and len(edit.inserted) <= LONGEST_CHARS
        typed = near and text.startswith(typed_between(snapshot, origin, edit.new_end))
        return Trail(origin, edit.new_end) if typed else trail
    change = _core(edit)
    if (
        len(change.inserted) > LONGEST_CHARS
        or change.start < origin
        or not _only_closing(_taken_behind(change, end))
    ):
        return None
    places = _places(edit, change, end, snapshot)
    for place in places:
        if text.startswith(typed_between(snapshot, origin, place)):
            return Trail(origin, place)
    for place in reversed(places) if growing else ():
        # The text has not come so far. Probably the editor has completed a pair, and the cursor is inside it.
        if typed_between(snapshot, origin, place).startswith(text):
            return Trail(origin, place)
    return None


def is_closing(inserted: str) -> bool:
    """Whether an insertion has only closing characters, as editors add after the cursor."""
    return bool(inserted) and all(char in _CLOSERS for char in inserted)


def is_pair(inserted: str) -> bool:
    """Whether an insertion is an opening character with the closing one that the editor adds."""
    return len(inserted) == 2 and _CLOSER_OF.get(inserted[0]) == inserted[1]


def closes_pair(snapshot: Snapshot, at: Position, inserted: str) -> bool:
    """Whether `inserted` at `at` is the closing partner of the opening character before it."""
    if len(inserted) != 1 or at.column == 0:
        return False
    return _CLOSER_OF.get(snapshot.line(at.line)[at.column - 1 : at.column]) == inserted


def _moved_down(trail: Trail, edit: Edit, snapshot: Snapshot) -> Trail | None:
    """The trail after Enter on an indented blank line. The question is the same, some lines further down.

    Editors remove the indentation of the old line and insert it in the new one, in one edit.
    """
    origin, end = trail
    indent = edit.removed
    if origin != end or edit.end != origin or edit.start.column or not indent or indent.strip():
        return None
    if edit.inserted.strip() or snapshot.line(edit.new_end.line)[: edit.new_end.column] != indent:
        return None
    return Trail(edit.new_end, edit.new_end)


def _is_above(edit: Edit, origin: Position) -> bool:
    """Whether an edit leaves the origin's line unchanged: it ends on a line above, or consists of whole lines before it."""
    whole_lines = edit.end == (origin.line, 0) and edit.new_end.column == 0
    return edit.end.line < origin.line or (whole_lines and edit.start < origin)


def _places(edit: Edit, change: _Change, end: Position, snapshot: Snapshot) -> list[Position]:
    """Where the cursor may be after an edit, the furthest place first. Editors do not report it with an edit."""
    if change.end < end:
        shifted = end.moved(change.end, change.new_end)
        # The place before closing characters that were taken as typed. The editor may have added them.
        inside = is_closing(snapshot.slice(change.new_end, shifted))
        return [shifted, change.new_end] if inside else [shifted]
    inserted = _unified(change.inserted)
    behind = change.start > end
    places: list[Position] = []
    if not behind or is_closing(snapshot.slice(end, change.start)):
        # Closing characters that were taken as the editor's may have been typed.
        places = [edit.new_end, change.new_end]
    if is_pair(inserted):
        places.append(Position(change.new_end.line, change.new_end.column - 1))
    if inserted.count("\n") > 1 and not inserted[inserted.index("\n") :].strip():
        # Enter between two brackets: the closing one gets its own line, and the cursor the line between.
        between = change.new_end.line - 1
        places.append(Position(between, len(snapshot.line(between))))
    if (behind and is_closing(inserted + change.removed)) or (
        change.start == end == change.end and closes_pair(snapshot, end, inserted)
    ):
        places.append(end)
    return places


def _taken_behind(change: _Change, end: Position) -> str:
    """The text after `end` that a change has removed."""
    if change.end <= end:
        return ""
    return change.removed[-(change.end.column - end.column) :] if change.end.line == end.line else "\n"


def _only_closing(text: str) -> bool:
    return all(char in _CLOSERS or char in " \t" for char in text)


def _core(edit: Edit) -> _Change:
    """The real change of an edit. Editors replace a completed word from its beginning, and a typed-over bracket by itself."""
    removed, inserted = edit.removed, edit.inserted
    if not removed or len(removed) > _MAX_REPLACED_CHARS:
        return _Change(edit.start, edit.end, edit.new_end, removed, inserted)
    limit = min(len(removed), len(inserted))
    head = 0
    while head < limit and removed[head] == inserted[head]:
        head += 1
    if removed[:head].endswith("\r"):
        head -= 1
    tail = 0
    while tail < limit - head and removed[-1 - tail] == inserted[-1 - tail]:
        tail += 1
    if tail and removed[-tail] == "\n":
        tail -= 1
    old, new = removed[head : len(removed) - tail], inserted[head : len(inserted) - tail]
    start = _advanced(edit.start, removed[:head])
    return _Change(start, _advanced(start, old), _advanced(start, new), old, new)


def _advanced(start: Position, text: str) -> Position:
    """The place after `text`, which begins at `start`."""
    text = _unified(text)
    lines = text.count("\n")
    return Position(start.line + lines, len(text) - text.rfind("\n") - 1 + (0 if lines else start.column))


def _unified(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


@dataclass(frozen=True, slots=True)
class Shown:
    """A suggestion that the editor was given: its text, the place it was made for, and how far the user has typed it.

    `line_suffix` is the text after the cursor when it was shown, `replaces` how many characters of that it replaces.
    """

    id: str
    text: str
    trail: Trail
    line_suffix: str
    replaces: int = 0

    @staticmethod
    def of(suggestion_id: str, text: str, position: Position, line_suffix: str, replaces: int = 0) -> Shown:
        """A suggestion that has just been shown at `position`."""
        return Shown(suggestion_id, text, Trail(position, position), line_suffix, replaces)

    def after(self, edit: Edit, snapshot: Snapshot) -> Shown | None:
        """The suggestion after an edit. None if the typed text no longer fits."""
        trail = follow(self.trail, edit, snapshot, self.text, growing=False)
        return None if trail is None else replace(self, trail=trail)

    def remainder(self, view: View) -> str:
        """The text still to come at the cursor. Empty if the cursor is elsewhere, or if all of it was typed."""
        origin, position = self.trail.origin, view.position
        if position < origin or position.line - origin.line > self.text.count("\n"):
            return ""
        typed = typed_between(view.snapshot, origin, position)
        return self.text[len(typed) :] if self.text.startswith(typed) else ""

    def consumed(self, snapshot: Snapshot) -> bool:
        """Whether the whole text now stands in the document."""
        return typed_between(snapshot, *self.trail) == self.text
