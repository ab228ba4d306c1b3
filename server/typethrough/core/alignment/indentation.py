"""Moves an answer's lines to the file's levels of indentation. Each line depends only on those before it, so that the shown text
does not move while the answer grows.

A model may indent its lines from the margin, from the cursor's indentation, or with that indentation twice, with its own step, in
tabs or spaces. So its indentations are read as levels, as Python's parser does: a line deeper than an opener begins a level, and
a line as wide as an earlier one returns to its level. The first line that allows it decides how wide the cursor's level is in the
answer. An answer that already fits is not changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from typethrough.core.alignment.margin import margin_of
from typethrough.core.alignment.shape import shape_of
from typethrough.core.alignment.walk import Walk
from typethrough.core.document.indentation import indent_of
from typethrough.core.document.scan import family_of, opens_block
from typethrough.core.dressing.draft import NOTHING_YET, Draft
from typethrough.core.remembered import remembered

if TYPE_CHECKING:
    from typethrough.core.alignment.margin import Margin
    from typethrough.core.document.view import View

_NEAR_LINES: Final = 60
# A key of YAML begins with none of these.
_NO_KEY: Final = frozenset(("", "-", "#", "}", "]"))


def indentation(draft: Draft, view: View) -> Draft:
    """Remove an indentation that is already typed, and move the following lines to the file's levels."""
    text, done = draft
    starts_line = not view.line_prefix.strip()
    if starts_line and not done and not text.strip():
        return NOTHING_YET
    if "\n" not in text and not (
        starts_line and (text[:1] in {" ", "\t"} or _mark_above(text, view.previous_line(), view))
    ):
        return draft
    lines = text.split("\n")
    spaced = _spaced(lines, view) if view.unit == "\t" else None
    margin = margin_of(view, spaced, view.indent)
    own: set[int] = set()
    if starts_line and lines[0].strip():
        given = margin.width(indent_of(lines[0]))
        lines[0] = _first_line(lines[0], given, margin, view)
        own = {margin.here + given} if given not in {0, margin.here} else own
        if given and lines[0][:1] not in {" ", "\t"}:
            own.add(given)
        margin = margin_of(view, spaced, indent_of(view.line_prefix + lines[0]))
    if len(lines) == 1 or family_of(view.language_id) == "text":
        return Draft("\n".join(lines), done)
    walk = _walk_of(view, margin, lines[0], frozenset(own))
    if not walk.goes_on_in(lines[1:] if done else lines[1:-1]):
        walk = Walk(view, margin, lines[0], frozenset(own))
    return Draft("\n".join([lines[0], *walk.moved(lines[1:], done=done)]), done)


def _spaced(lines: list[str], view: View) -> tuple[int, int] | None:
    """The width of the first line that is indented by spaces, and the number of tabs that it should have. None without one."""
    for number, line in enumerate(lines):
        content = line.lstrip(" ")
        if len(line) - len(content) < 2 or not content or (not number and view.line_prefix.strip()):
            continue
        above = (view.line_prefix + lines[number - 1]) if number == 1 else lines[number - 1] if number else ""
        if not number and view.indent:
            return len(line) - len(content), len(view.indent)
        if not above.strip():
            above = view.line_prefix if number and view.line_prefix.strip() else view.previous_line()
        level = len(indent_of(above)) if above.startswith("\t") else len(view.indent)
        return len(line) - len(content), level + opens_block(above, view.language_id)
    return None


def _first_line(line: str, given: int, margin: Margin, view: View) -> str:
    """The first line without the indentation that is already before the cursor."""
    content = line.lstrip(" \t")
    typed = margin.here
    previous = view.previous_line()
    stands = margin.width(indent_of(previous))
    if typed == stands and (mark := _mark_above(content, previous, view)):
        # The next key of an item is aligned after the item's mark, whatever the answer has.
        return " " * mark + content
    if not given:
        return line
    wanted = stands + margin.step * opens_block(previous, view.language_id)
    if not typed:
        return content if _leaves_the_margin(content, given, previous, margin, view) else line
    if typed < wanted == typed + given and not shape_of(view.language_id).closes(content):
        return margin.further(wanted) + content
    if given % margin.step and not (typed + given) % margin.step:
        return line
    if given <= typed or (given == 2 * typed and typed == wanted):
        return content
    return margin.further(given) + content


def _mark_above(content: str, previous: str, view: View) -> int:
    """The width of the mark of the YAML item above, if the line is that item's next key. Else 0."""
    shape = shape_of(view.language_id)
    mark = shape.item_width(previous)
    if not mark or content[:1] in _NO_KEY:
        return 0
    stands = len(indent_of(previous))
    for line in reversed(view.lines_before(_NEAR_LINES)):
        width = len(indent_of(line))
        if line.strip() and (width < stands or (width == stands and not line.lstrip().startswith("-"))):
            # If a list is indented like its key, what follows is the next key after that one.
            return mark if width < stands else 0
    return mark if stands else 0


def _leaves_the_margin(content: str, given: int, previous: str, margin: Margin, view: View) -> bool:
    """Whether a line that the answer indents belongs at the margin, where the cursor is, because no line near it is deeper."""
    shape = shape_of(view.language_id)
    if not shape.is_code or margin.width(indent_of(previous)) or opens_block(previous, view.language_id):
        return False
    if shape.carries_on(previous, content) or margin.width(indent_of(view.next_line())) >= given:
        return False
    return (
        not previous
        or shape.family == "python"
        or given < margin.step
        or shape.is_finished(previous, content)
    )


@remembered(4)
def _walk_of(view: View, margin: Margin, first: str, own: frozenset[int]) -> Walk:
    """The `Walk` for an answer, kept while the answer grows."""
    return Walk(view, margin, first, own)
