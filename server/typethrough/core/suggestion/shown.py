"""The suggestion on screen, and how it is typed through: what is left of it is known without asking anybody."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from typethrough.core.suggestion.trail import Trail, follow, typed_between

if TYPE_CHECKING:
    from typethrough.core.document.document import Edit, Position, Snapshot
    from typethrough.core.document.view import View


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
