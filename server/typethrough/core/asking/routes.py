"""Which model answers what: the routes of the setting of that name, and which of them a request takes.

Pure. Knows no model and no gateway; what is not routed goes to the model of the setting `model`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from typethrough.core.document.indentation import indent_of
from typethrough.core.document.scan import is_comment, opens_block

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typethrough.core.document.view import View

# What the editor may have closed behind the cursor: it is the block's end, not its content.
_CLOSERS = " \t)]};,"
# Comments and a docstring may stand between a block's head and its first line of code.
_MOST_REMARKS = 6
_QUOTES = ('"""', "'''", '"', "'")


class RoutePurpose(StrEnum):
    """What can be given to a model of its own; the value is the word in the setting."""

    INVOKED = "invoked"
    BLOCK = "block"
    HEDGE = "hedge"


class Route(NamedTuple):
    """A purpose, the model for it, and its budget. A budget of 0 means the setting `budget_ms`."""

    purpose: RoutePurpose
    model: str
    budget_ms: int = 0

    def __str__(self) -> str:
        """As it is written in the environment."""
        return f"{self.purpose}={self.model}" + (f" {self.budget_ms} ms" if self.budget_ms else "")


def route_of(routes: Sequence[Route], view: View, *, invoked: bool, max_lines: int) -> Route | None:
    """The route of a request, or None for the default model.

    What the user asked for by hand is that before it is anything else: of two wishes the one that was uttered holds.
    """
    by_purpose = {route.purpose: route for route in routes}
    if invoked and RoutePurpose.INVOKED in by_purpose:
        return by_purpose[RoutePurpose.INVOKED]
    if RoutePurpose.BLOCK in by_purpose and wants_block(view, max_lines):
        return by_purpose[RoutePurpose.BLOCK]
    return None


def hedge_model(routes: Sequence[Route]) -> str:
    """The model that is asked as well when another is late, or the empty string."""
    return next((route.model for route in routes if route.purpose is RoutePurpose.HEDGE), "")


def wants_block(view: View, max_lines: int) -> bool:
    """Whether a block has been opened right before the cursor and has no line yet, so that its whole body is what is missing.

    Only where a suggestion may have several lines: one line alone needs no stronger model.
    """
    if max_lines < 2 or view.line_suffix.strip(_CLOSERS):
        return False
    head = view.line_prefix if view.line_prefix.strip() else _head_above(view)
    if not opens_block(head, view.language_id):
        return False
    depth = len(indent_of(head))
    if not view.line_prefix.strip() and len(view.line_prefix) < depth:
        return False
    below = view.next_line()
    return not below or len(indent_of(below)) <= depth


def _head_above(view: View) -> str:
    """The line above, past comments and a docstring of one line; empty when a blank line parts them."""
    for line in reversed(view.lines_before(_MOST_REMARKS)):
        if not (is_comment(line, view.language_id) or _is_string(line.strip())):
            return line
    return ""


def _is_string(code: str) -> bool:
    return any(
        len(code) > len(quote) and code.startswith(quote) and code.endswith(quote) for quote in _QUOTES
    )
