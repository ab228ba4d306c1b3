"""What must not be suggested again: dismissed or undone suggestions, and recently deleted text.

A suggestion that was dismissed, or accepted and undone, stays away at its place, and no model is asked. It is recognised by the
whole line that it would give. So it also stays away after small edits nearby, until something else is written there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from typethrough.core.document.document import Edit, Position, Snapshot
    from typethrough.core.document.view import View
    from typethrough.core.suggestion.trail import Shown

# Deleted text is not suggested again for this long. Other completion tools use the same time.
_DELETED_S = 30.0
_DELETED_COUNT = 8
_DELETED_CHARS = 2_000
_SENT_AWAY_COUNT: Final = 8
_ACCEPTED_COUNT: Final = 4
# A place reaches this many lines to each side. It counts as another place after this many characters were written there.
_PLACE_LINES: Final = 3
_OTHER_PLACE_CHARS: Final = 12
_TAKEN_BACK_CHARS = 8
# When this much of a deleted text is typed again, it is wanted after all.
_RETYPED_CHARS = 3


class _Deletion(NamedTuple):
    text: str
    start: Position
    at_s: float
    retyped: int = 0


@dataclass(slots=True)
class _SentAway:
    """A suggestion that is unwanted at a place.

    `line` is the place's current line, `gist` the line that the suggestion would give. Nothing is suggested at all while the
    typed text leads into `shown`, or while only `prefix` stands before the cursor. `rest` is the text that was undone there;
    when its beginning is typed again, it is wanted. `written_chars` counts what was written at the place since then.
    """

    gist: str
    line: int
    shown: Shown | None = None
    prefix: str = ""
    rest: str = ""
    written_chars: int = 0

    def is_near(self, line: int) -> bool:
        return abs(line - self.line) <= _PLACE_LINES

    def wants_nothing(self, view: View) -> bool:
        if self.shown is not None:
            return bool(self.shown.remainder(view))
        return view.line_prefix == self.prefix and view.position.line == self.line

    def after(self, edit: Edit, snapshot: Snapshot) -> bool:
        """Follow an edit. Returns False when the place has become another one."""
        if self.shown is not None:
            self.shown = self.shown.after(edit, snapshot)
        if self.is_near(edit.start.line):
            self.written_chars += _solid(edit.inserted) - _solid(edit.removed)
        self.line = _moved(self.line, edit)
        retyped = self.prefix + self.rest[:_RETYPED_CHARS]
        is_typed = bool(self.rest) and not edit.removed and edit.new_end == (self.line, len(retyped))
        if is_typed and snapshot.part(self.line, 0, len(retyped)) == retyped:
            return False
        return self.shown is not None or self.written_chars < _OTHER_PLACE_CHARS


class _Accepted(NamedTuple):
    """An accepted suggestion in the document: its place, and its line before the acceptance, up to the cursor and whole."""

    shown: Shown
    line: int
    prefix: str
    whole: str


class Unwanted:
    """The unwanted texts of one document; bounded. Times are seconds of the clock that the caller uses."""

    def __init__(self) -> None:
        self._sent_away: list[_SentAway] = []
        self._accepted: list[_Accepted] = []
        self._deletions: list[_Deletion] = []

    def dismiss(self, shown: Shown, line_prefix: str) -> None:
        """The user dismissed a suggestion that was made for a place with `line_prefix` before it."""
        line = shown.trail.origin.line
        self._send_away(_SentAway(_gist(line_prefix, shown.text), line, shown=shown))

    def accepted(self, shown: Shown, before: Snapshot) -> None:
        """A suggestion was accepted. `before` is the document without it."""
        origin, line = shown.trail.origin, shown.trail.origin.line
        if line < before.line_count:
            whole = before.line(line)
            typed = _same_beginning(whole[origin.column :], shown.text)
            one = _Accepted(shown, line, whole[: origin.column + typed], whole)
            others = [old for old in self._accepted if old.shown.id != shown.id]
            self._accepted = [*others[1 - _ACCEPTED_COUNT :], one]

    def _send_away(self, one: _SentAway) -> None:
        self._sent_away = [*self._sent_away[1 - _SENT_AWAY_COUNT :], one]

    def is_dismissed(self, view: View) -> bool:
        """Whether nothing should be suggested at this place, because a suggestion was dismissed here."""
        return any(one.wants_nothing(view) for one in self._sent_away)

    def is_sent_away(self, text: str, view: View) -> bool:
        """Whether a text for this place is a dismissed suggestion from nearby, or the rest or the start of one."""
        near = [one for one in self._sent_away if one.is_near(view.position.line)]
        gist = _gist(view.line_prefix, text) if near else ""
        return bool(gist) and any(one.gist.startswith(gist) for one in near)

    def forgive(self, view: View) -> None:
        """The user asks by hand, so forget what was dismissed near this place."""
        self._sent_away = [one for one in self._sent_away if not one.is_near(view.position.line)]

    def deleted(self, now_s: float) -> tuple[str, ...]:
        """The recently deleted texts, newest last."""
        return tuple(old.text for old in self._deletions if now_s - old.at_s < _DELETED_S)

    def after(self, edit: Edit, snapshot: Snapshot, now_s: float) -> bool:
        """Note an edit. Returns True if it removes more than a typing slip, so that what was suggested there is unwanted too."""
        if self._sent_away:
            self._sent_away = [one for one in self._sent_away if one.after(edit, snapshot)]
        is_undone = bool(self._accepted) and self._take_back(edit, snapshot)
        if not edit.removed:
            self._retype(edit)
        if not edit.removed or edit.inserted.startswith(edit.removed):
            return is_undone
        self._note(edit, now_s)
        return is_undone or len("".join(self._deletions[-1].text.split())) >= _TAKEN_BACK_CHARS

    def _take_back(self, edit: Edit, snapshot: Snapshot) -> bool:
        """If an edit removes an accepted suggestion and restores its line, treat the suggestion as dismissed."""
        kept = []
        for one in self._accepted:
            is_touched = edit.removed and edit.first_line <= one.line < edit.first_line + edit.removed_lines
            moved = one._replace(line=one.line if is_touched else _moved(one.line, edit))
            there = snapshot.line(moved.line) if is_touched and moved.line < snapshot.line_count else None
            if there == one.whole:
                self._send_away(_taken_back(one, moved.line))
            else:
                kept.append(moved)
        is_undone = len(kept) < len(self._accepted)
        self._accepted = kept
        return is_undone

    def _note(self, edit: Edit, now_s: float) -> None:
        newest = self._deletions[-1] if self._deletions else None
        if newest and not edit.inserted and edit.end == newest.start and now_s - newest.at_s < _DELETED_S:
            # Backspace held down is one deletion, a character at a time.
            text = edit.removed + newest.text
            self._deletions[-1] = _Deletion(text[-_DELETED_CHARS:], edit.start, now_s)
        else:
            self._deletions.append(_Deletion(edit.removed[:_DELETED_CHARS], edit.start, now_s))
            del self._deletions[:-_DELETED_COUNT]

    def _retype(self, edit: Edit) -> None:
        """Forget a deletion whose beginning the user types again, at any place."""
        kept = []
        for deletion in self._deletions:
            wanted = deletion.text.lstrip()
            typed = edit.inserted if deletion.retyped else edit.inserted.lstrip()
            agrees = wanted.startswith(typed, deletion.retyped)
            retyped = deletion.retyped + len(typed) if agrees else 0
            if retyped < min(_RETYPED_CHARS, len(wanted)) or not typed:
                kept.append(deletion if retyped == deletion.retyped else deletion._replace(retyped=retyped))
        self._deletions = kept


def _gist(line_prefix: str, text: str) -> str:
    """The first line that a text would give, without blanks: the cursor's line, or the first line below it."""
    line, break_, rest = text.partition("\n")
    if break_ and not line.strip():
        line_prefix, line = "", rest.lstrip().partition("\n")[0]
    return "".join(f"{line_prefix}{line}".split())


def _taken_back(accepted: _Accepted, line: int) -> _SentAway:
    text, column = accepted.shown.text, accepted.shown.trail.origin.column
    rest = text[len(accepted.prefix) - column :]
    return _SentAway(_gist(accepted.whole[:column], text), line, prefix=accepted.prefix, rest=rest)


def _same_beginning(typed: str, text: str) -> int:
    """How much of a suggestion already stood in the document before it was accepted."""
    count = 0
    while count < min(len(typed), len(text)) and typed[count] == text[count]:
        count += 1
    return count


def _solid(text: str) -> int:
    return len("".join(text.split()))


def _moved(line: int, edit: Edit) -> int:
    """A line's number after an edit above it."""
    return line + edit.new_end.line - edit.end.line if edit.end.line < line else line
