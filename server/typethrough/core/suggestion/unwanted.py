"""What is not wanted again: suggestions that were sent away, and text that was deleted a moment ago."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typethrough.core.document.document import Edit, Position, Snapshot
    from typethrough.core.document.view import View
    from typethrough.core.suggestion.trail import Shown

# What was deleted is not offered again for this long (a figure that other completers use as well).
_DELETED_S = 30.0
_DELETED_COUNT = 8
_DELETED_CHARS = 2_000
_DISMISSED_COUNT = 8
_TAKEN_BACK_CHARS = 8
# So much of a deleted text typed again says that it is wanted after all.
_RETYPED_CHARS = 3


class _Deletion(NamedTuple):
    text: str
    start: Position
    at_s: float
    retyped: int = 0


class Unwanted:
    """The unwanted texts of one document; bounded. Times are seconds of the clock that is handed in."""

    def __init__(self) -> None:
        self._dismissed: list[Shown] = []
        self._deletions: list[_Deletion] = []

    def dismiss(self, shown: Shown) -> None:
        """The user has sent a suggestion away: as long as the text leads into it, it does not come back."""
        self._dismissed = [*self._dismissed[1 - _DISMISSED_COUNT :], shown]

    def is_dismissed(self, view: View) -> bool:
        """Whether a suggestion for this place was sent away."""
        return any(shown.remainder(view) for shown in self._dismissed)

    def forgive(self, view: View) -> None:
        """The user asks by hand at this place: what was dismissed here counts no more."""
        self._dismissed = [shown for shown in self._dismissed if not shown.remainder(view)]

    def deleted(self, now_s: float) -> tuple[str, ...]:
        """The texts that were deleted lately, newest last."""
        return tuple(old.text for old in self._deletions if now_s - old.at_s < _DELETED_S)

    def after(self, edit: Edit, snapshot: Snapshot, now_s: float) -> bool:
        """Take note of an edit; true when it takes back more than a slip, and with it what is offered there."""
        if self._dismissed:
            followed = (shown.after(edit, snapshot) for shown in self._dismissed)
            self._dismissed = [shown for shown in followed if shown is not None]
        if not edit.removed:
            self._retype(edit)
        if not edit.removed or edit.inserted.startswith(edit.removed):
            return False
        self._note(edit, now_s)
        return len("".join(self._deletions[-1].text.split())) >= _TAKEN_BACK_CHARS

    def _note(self, edit: Edit, now_s: float) -> None:
        newest = self._deletions[-1] if self._deletions else None
        if newest and not edit.inserted and edit.end == newest.start and now_s - newest.at_s < _DELETED_S:
            # Backspace held down: one deletion, a character at a time.
            text = edit.removed + newest.text
            self._deletions[-1] = _Deletion(text[-_DELETED_CHARS:], edit.start, now_s)
        else:
            self._deletions.append(_Deletion(edit.removed[:_DELETED_CHARS], edit.start, now_s))
            del self._deletions[:-_DELETED_COUNT]

    def _retype(self, edit: Edit) -> None:
        """Forget a deletion whose beginning the user types again, at whatever place."""
        kept = []
        for deletion in self._deletions:
            wanted = deletion.text.lstrip()
            typed = edit.inserted if deletion.retyped else edit.inserted.lstrip()
            agrees = wanted.startswith(typed, deletion.retyped)
            retyped = deletion.retyped + len(typed) if agrees else 0
            if retyped < min(_RETYPED_CHARS, len(wanted)) or not typed:
                kept.append(deletion if retyped == deletion.retyped else deletion._replace(retyped=retyped))
        self._deletions = kept
