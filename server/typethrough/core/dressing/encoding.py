"""Decodes an answer that is a JSON string or contains HTML entities."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from typethrough.core.document.scan import family_of, scan
from typethrough.core.dressing.draft import NOTHING_YET, Draft
from typethrough.core.dressing.marks import is_made_of_tags

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_TELLING: Final = "completion|insertion|insert_text|suggestion"
_COMMON: Final = "code|answer|text|result|response|output|content|insert"
_OPENING: Final = re.compile(rf'\s*\{{\s*"(?:(?P<telling>{_TELLING})|{_COMMON})"\s*:\s*"')
_HALF_OPENING: Final = re.compile(r'\s*\{\s*(?:"[a-z_]{0,14}(?:"\s*:?\s*)?)?\Z')
_TAKES_VALUE: Final = re.compile(
    r"(?:[=(\[,:+*/%&|<>?!-]|\b(?:return|yield|await|in|and|or|not|throw|raise))\s*\Z"
)
_ENTITIES: Final = {
    "&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"', "&apos;": "'", "&#39;": "'", "&#x27;": "'", "&#34;": '"',
}  # fmt: skip
_ENTITY: Final = re.compile("|".join(map(re.escape, _ENTITIES)))
_HALF_ENTITY: Final = re.compile(r"&[a-z#0-9]{0,5}\Z")
_LONGEST_ENTITY: Final = 6


def unpacked(draft: Draft, view: View, *, is_json: bool) -> Draft:
    """The text inside an answer that is a JSON object with a string. Waits for the end. `is_json`: the answer's fence says
    JSON.
    """
    text, done = draft
    if not text.lstrip().startswith("{") or family_of(view.language_id) == "data":
        return draft
    is_value = not is_json and _TAKES_VALUE.search(view.line_prefix) is not None
    found = _OPENING.match(text)
    if found is None:
        return NOTHING_YET if not done and _HALF_OPENING.match(text) else draft
    if (is_value and not found["telling"]) or (found["telling"] and f'{found["telling"]}"' in view.near()):
        return draft
    if not done:
        return NOTHING_YET
    try:
        packed = json.loads(text)
    except (ValueError, RecursionError):
        return draft
    said = next((value for value in packed.values() if isinstance(value, str)), "")
    return Draft(said, done=True)


def decoded(draft: Draft, view: View) -> Draft:
    """The text with HTML entities replaced by their signs, in code of a language without entities."""
    text, done = draft
    if "&" not in text or is_made_of_tags(view.language_id):
        return draft
    if family_of(view.language_id) in {"text", "unknown", "data"} or _ENTITY.search(view.near()):
        return draft
    said: list[str] = []
    read, state = 0, view.state
    for found in _ENTITY.finditer(text):
        before = text[read : found.start()]
        state = scan(before, view.language_id, state)
        kept = state.inside or _is_name(found[0][1:-1], view, text[: found.start()])
        said += before, found[0] if kept else _ENTITIES[found[0]]
        read = found.end()
    rest = text[read:]
    half = None if done else _HALF_ENTITY.search(rest, max(0, len(rest) - _LONGEST_ENTITY))
    said.append(rest[: half.start()] if half is not None and _may_be_entity(half[0]) else rest)
    return Draft("".join(said), done)


def _may_be_entity(half: str) -> bool:
    return any(entity.startswith(half) for entity in _ENTITIES)


def _is_name(entity: str, view: View, before: str) -> bool:
    """Whether the part between `&` and `;` is a name in the program, so that `&` takes its address."""
    return (
        entity.isalpha()
        and re.search(rf"\b{entity}\b", f"{view.near()}\n{before.replace(f'&{entity};', '')}") is not None
    )
