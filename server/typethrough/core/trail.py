"""Following a proposed text through the user's edits: does what was typed since still fit it?

A *trail* is the place where a text was proposed (its origin) and the place up to which the user has typed since. Shown
suggestions and in-flight streams are both followed this way, at the edit and not at the next request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from typethrough.core.document import Position

if TYPE_CHECKING:
    from typethrough.core.document import Edit, Snapshot

_CLOSER_OF = {"(": ")", "[": "]", "{": "}", '"': '"', "'": "'", "`": "`", "<": ">"}


class Trail(NamedTuple):
    """Where a text was proposed, and how far the user has typed since (both in the current document)."""

    origin: Position
    end: Position


def fits(typed: str, text: str, *, growing: bool) -> bool:
    """Whether `typed` can be the beginning of `text`; a growing text may still become what was typed."""
    return text.startswith(typed) or (growing and typed.startswith(text))


def follow(trail: Trail, edit: Edit, snapshot: Snapshot, text: str, *, growing: bool) -> Trail | None:
    """The trail after `edit` (already applied in `snapshot`), or None when `text` no longer fits: it diverged."""
    origin, end = trail
    if edit.end.line < origin.line or edit.end <= edit.start == origin > edit.new_end:
        # An edit on the lines above (an import added, a formatter) moves the place but not the question.
        shift = edit.new_end.line - edit.end.line
        return Trail(Position(origin.line + shift, origin.column), Position(end.line + shift, end.column))
    if edit.start < origin:
        return None
    if edit.start > end:
        # Behind the cursor: on another line it is somebody else's business; on this line it changes the suffix.
        return trail if edit.start.line > end.line or is_closing(edit.inserted) else None
    if edit.end > end and edit.removed.strip():
        return None
    if edit.start == end == edit.end and closes_pair(snapshot, end, edit.inserted):
        return trail
    moved = edit.new_end if edit.end >= end else _shifted(end, edit)
    typed = snapshot.slice(origin, moved)
    if fits(typed, text, growing=growing):
        return Trail(origin, moved)
    if is_pair(edit.inserted):
        # The editor closed the bracket by itself, in the same edit: the cursor stands inside the pair.
        inside = Position(moved.line, moved.column - 1)
        if fits(snapshot.slice(origin, inside), text, growing=growing):
            return Trail(origin, inside)
    return None


def is_closing(inserted: str) -> bool:
    """Whether an insertion is only closing characters, as editors add behind the cursor."""
    return bool(inserted) and all(char in ")]}\"'`>" for char in inserted)


def is_pair(inserted: str) -> bool:
    """Whether an insertion is an opening character with the closing one the editor adds to it."""
    return len(inserted) == 2 and _CLOSER_OF.get(inserted[0]) == inserted[1]


def closes_pair(snapshot: Snapshot, at: Position, inserted: str) -> bool:
    """Whether `inserted`, just put at `at`, is the closing half of the opening character typed before it."""
    if len(inserted) != 1 or at.column == 0:
        return False
    return _CLOSER_OF.get(snapshot.line(at.line)[at.column - 1 : at.column]) == inserted


def _shifted(place: Position, edit: Edit) -> Position:
    """Where `place`, behind `edit`, lies after it."""
    if place.line > edit.end.line:
        return Position(place.line + edit.new_end.line - edit.end.line, place.column)
    return Position(edit.new_end.line, edit.new_end.column + place.column - edit.end.column)
