"""Following a proposed text through the user's edits: does what was typed since still fit it?

A *trail* is the place where a text was proposed (its origin) and the place up to which the user has typed since. Shown
suggestions and in-flight streams are both followed this way, at the edit and not at the next request. Proposed texts know one
line end, ``\\n``; what stands in a document is read that way too, whatever its line ends are.
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
# A replacement longer than this is no word completed and no bracket typed over; looking for its core would cost its length.
_MAX_REPLACED_CHARS = 500
# So much of an answer is looked at, so that no proposed text is longer: what lies further above the cursor cannot be where one
# began, and what is pasted at its place and is longer does not fit, whatever it says.
LONGEST_CHARS = 4_000


class Trail(NamedTuple):
    """Where a text was proposed, and how far the user has typed since (both in the current document)."""

    origin: Position
    end: Position


class _Change(NamedTuple):
    """An edit without the characters that it replaced by themselves."""

    start: Position
    end: Position
    new_end: Position
    removed: str
    inserted: str


def fits(typed: str, text: str, *, growing: bool) -> bool:
    """Whether `typed` can be the beginning of `text`; a growing text may still become what was typed."""
    return text.startswith(typed) or (growing and typed.startswith(text))


def typed_between(snapshot: Snapshot, start: Position, end: Position) -> str:
    """The document's text between two places in the form of proposed texts: every line end is ``\\n``."""
    return _unified(snapshot.slice(start, end)) if start < end else ""


def follow(trail: Trail, edit: Edit, snapshot: Snapshot, text: str, *, growing: bool) -> Trail | None:
    """The trail after `edit` (already applied in `snapshot`), or None when `text` no longer fits: it diverged."""
    origin, end = trail
    if _is_above(edit, origin):
        # An edit on the lines above (an import added, a formatter) moves the place but not the question.
        shift = edit.new_end.line - edit.end.line
        return Trail(Position(origin.line + shift, origin.column), Position(end.line + shift, end.column))
    if (moved := _moved_down(trail, edit, snapshot)) is not None:
        return moved
    if edit.start.line > end.line:
        # Below: somebody else's business, unless it is the text itself (an editor that compares lines reports a line break
        # typed before others as one after them).
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
        # The text has not got there yet. Most likely the editor has completed a pair and the cursor stands inside it.
        if typed_between(snapshot, origin, place).startswith(text):
            return Trail(origin, place)
    return None


def is_closing(inserted: str) -> bool:
    """Whether an insertion is only closing characters, as editors add behind the cursor."""
    return bool(inserted) and all(char in _CLOSERS for char in inserted)


def is_pair(inserted: str) -> bool:
    """Whether an insertion is an opening character with the closing one the editor adds to it."""
    return len(inserted) == 2 and _CLOSER_OF.get(inserted[0]) == inserted[1]


def closes_pair(snapshot: Snapshot, at: Position, inserted: str) -> bool:
    """Whether `inserted`, just put at `at`, is the closing half of the opening character typed before it."""
    if len(inserted) != 1 or at.column == 0:
        return False
    return _CLOSER_OF.get(snapshot.line(at.line)[at.column - 1 : at.column]) == inserted


def _moved_down(trail: Trail, edit: Edit, snapshot: Snapshot) -> Trail | None:
    """The trail when Enter on an indented blank line left it empty and began another: the same question, lines further down.

    Editors take the indentation back and give it anew, in one edit.
    """
    origin, end = trail
    indent = edit.removed
    if origin != end or edit.end != origin or edit.start.column or not indent or indent.strip():
        return None
    if edit.inserted.strip() or snapshot.line(edit.new_end.line)[: edit.new_end.column] != indent:
        return None
    return Trail(edit.new_end, edit.new_end)


def _is_above(edit: Edit, origin: Position) -> bool:
    """Whether an edit leaves the origin's line as it is: it ends on a line above, or is made of whole lines before it."""
    whole_lines = edit.end == (origin.line, 0) and edit.new_end.column == 0
    return edit.end.line < origin.line or (whole_lines and edit.start < origin)


def _places(edit: Edit, change: _Change, end: Position, snapshot: Snapshot) -> list[Position]:
    """Where the user may have got to by an edit, the furthest first: editors do not tell where the cursor is."""
    if change.end < end:
        shifted = _shifted(end, change)
        # Before closing characters that were taken for typed ones: perhaps they were the editor's own all the same.
        inside = is_closing(snapshot.slice(change.new_end, shifted))
        return [shifted, change.new_end] if inside else [shifted]
    inserted = _unified(change.inserted)
    behind = change.start > end
    places: list[Position] = []
    if not behind or is_closing(snapshot.slice(end, change.start)):
        # Closing characters that were taken for the editor's own may have been typed.
        places = [edit.new_end, change.new_end]
    if is_pair(inserted):
        places.append(Position(change.new_end.line, change.new_end.column - 1))
    if inserted.count("\n") > 1 and not inserted[inserted.index("\n") :].strip():
        # Enter between two brackets: the closing one gets a line of its own, the cursor the line between.
        between = change.new_end.line - 1
        places.append(Position(between, len(snapshot.line(between))))
    if (behind and is_closing(inserted + change.removed)) or (
        change.start == end == change.end and closes_pair(snapshot, end, inserted)
    ):
        places.append(end)
    return places


def _taken_behind(change: _Change, end: Position) -> str:
    """What a change has removed right of `end`."""
    if change.end <= end:
        return ""
    return change.removed[-(change.end.column - end.column) :] if change.end.line == end.line else "\n"


def _only_closing(text: str) -> bool:
    return all(char in _CLOSERS or char in " \t" for char in text)


def _core(edit: Edit) -> _Change:
    """What an edit really changes: a completed word is replaced from its beginning, a bracket typed over by itself."""
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
    """The place behind `text`, which begins at `start`."""
    text = _unified(text)
    lines = text.count("\n")
    return Position(start.line + lines, len(text) - text.rfind("\n") - 1 + (0 if lines else start.column))


def _unified(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _shifted(place: Position, change: _Change) -> Position:
    """Where `place`, behind `change`, lies after it."""
    if place.line > change.end.line:
        return Position(place.line + change.new_end.line - change.end.line, place.column)
    return Position(change.new_end.line, change.new_end.column + place.column - change.end.column)


@dataclass(frozen=True, slots=True)
class Shown:
    """A suggestion the editor was given: its text from the place it was made for, and where the user has got to in it.

    `line_suffix` is what stood right of the cursor when it was shown, `replaces` how much of that the text takes the place of.
    """

    id: str
    text: str
    trail: Trail
    line_suffix: str
    replaces: int = 0

    @staticmethod
    def of(suggestion_id: str, text: str, position: Position, line_suffix: str, replaces: int = 0) -> Shown:
        """What has just been shown at `position`."""
        return Shown(suggestion_id, text, Trail(position, position), line_suffix, replaces)

    def after(self, edit: Edit, snapshot: Snapshot) -> Shown | None:
        """What is left after an edit; None when the text typed no longer fits."""
        trail = follow(self.trail, edit, snapshot, self.text, growing=False)
        return None if trail is None else replace(self, trail=trail)

    def remainder(self, view: View) -> str:
        """The text still to come at the cursor; empty when the cursor is elsewhere or all of it was typed."""
        origin, position = self.trail.origin, view.position
        if position < origin or position.line - origin.line > self.text.count("\n"):
            return ""
        typed = typed_between(view.snapshot, origin, position)
        return self.text[len(typed) :] if self.text.startswith(typed) else ""

    def consumed(self, snapshot: Snapshot) -> bool:
        """Whether all of the text now stands in the document."""
        return typed_between(snapshot, *self.trail) == self.text
