"""Computes the simulated model's answer from a chat's messages or from a raw prompt.

Owns reading a chat: the last user message, its cursor mark, and the path that it names. The content comes from `truth`,
`wrongness` and `defects`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.support.gateway_simulator.defects import Scene
from tests.support.gateway_simulator.truth import Cursor, missing_lines
from tests.support.gateway_simulator.wrongness import invent, spoil

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.gateway_simulator.defects import Defects
    from tests.support.gateway_simulator.truth import Truth

_MARK: Final = re.compile(r"<CURSOR(?:_\d+)?>")
_PATH: Final = re.compile(r'path="([^"\n]+)"')
_MARKS_TRIED: Final = 3
_WINDOW_CHARS: Final = 12_000
_PLAIN_ANSWER: Final = "I can complete code when you mark the cursor."


@dataclass(frozen=True)
class Answer:
    """The answer, and for the log how it was found. `place` is `path:line`, or None if the cursor was found in no file."""

    text: str
    defect: str | None = None
    place: str | None = None
    right_lines: int | None = None


def message_text(message: Any) -> str:
    """The text of a message whose content is a string or a list of parts. Empty for any other form."""
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def cursors(messages: Sequence[Any]) -> list[Cursor]:
    """The cursors of the last user message, the last mark first. There can be several, because the task may mention the mark."""
    asked = [
        message_text(message)
        for message in messages
        if isinstance(message, dict) and message.get("role") == "user"
    ]
    if not asked:
        return []
    text = asked[-1]
    named = list(_PATH.finditer(text))
    found = []
    for mark in list(_MARK.finditer(text))[-_MARKS_TRIED:][::-1]:
        path = next((match[1] for match in reversed(named) if match.start() < mark.start()), None)
        before = text[max(0, mark.start() - _WINDOW_CHARS) : mark.start()]
        found.append(Cursor(before, text[mark.end() : mark.end() + _WINDOW_CHARS], path))
    return found


def answer(messages: Sequence[Any], truth: Truth, defects: Defects, *, seed: int, number: int) -> Answer:
    """The answer to these messages as request `number`."""
    return answer_at(cursors(messages), truth, defects, seed=seed, number=number)


def answer_at(marked: Sequence[Cursor], truth: Truth, defects: Defects, *, seed: int, number: int) -> Answer:
    """The answer at the first of these cursors that is found in a true file, as request `number`."""
    if not marked:
        return Answer(_PLAIN_ANSWER)
    cursor, place = marked[0], None
    for tried in marked:
        place = truth.locate(tried)
        if place is not None:
            cursor = tried
            break
    right: int | None = None
    if place is None:
        file = truth.named(cursor.path)
        lines = invent(truth, file, cursor.before[-1], seed)
        path = cursor.path or ""
    else:
        lines, right = spoil(place, missing_lines(place, cursor.after[0]), defects.content, seed)
        path = place.file.path
    name = path.rsplit("/", 1)[-1]
    scene = Scene(cursor.before, cursor.after, name.rsplit(".", 1)[-1] if "." in name else "")
    text, defect = defects.apply("\n".join(lines), scene, seed=seed, number=number)
    return Answer(text, defect, f"{place.file.path}:{place.line + 1}" if place else None, right)
