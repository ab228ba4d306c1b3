"""Which language a place is in, where one document holds several: a code block in Markdown, a script or a style in a page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.document.scan import UNKNOWN, family_of
from typethrough.core.document.uris import language_of

if TYPE_CHECKING:
    from typethrough.core.document.document import Snapshot

# As far above as the beginning of a block is looked for: joining so many lines takes some 20 µs.
_REACH_LINES: Final = 400
_REACH_CHARS: Final = 32_000
# Lines with such signs in their middle that are passed on the way.
_MOST_INLINE: Final = 40

_WITH_FENCES: Final = frozenset(("markdown", "mdx", "quarto", "rmd"))
_WITH_SCRIPTS: Final = frozenset(("html", "vue", "svelte", "django-html", "jinja-html", "handlebars"))
_FENCE: Final = re.compile(r"[ \t>]*(?:[-*+] )?(`{3,}|~{3,})[ \t]*\{?[.]?([\w+#-]*)")
_TAG: Final = re.compile(r"<(/?)(script|style)\b([^>\n]*)>?", re.IGNORECASE)
_LANG: Final = re.compile(r"""\b(?:lang|type)\s*=\s*["']?(?:text/)?([\w-]+)""")
# Names that are neither a language id nor the end of a file's name.
_NAMES: Final = {
    "bash": "shellscript",
    "console": "shellscript",
    "c++": "cpp",
    "c#": "csharp",
    "golang": "go",
    "kotlin": "kotlin",
    "python3": "python",
    "sh": "shellscript",
    "shell": "shellscript",
    "zsh": "shellscript",
}


class Tongue(NamedTuple):
    """A language, and the first line that is in it. Lines above it are of another language."""

    language_id: str
    first_line: int = 0


def language_at(snapshot: Snapshot, line: int, language_id: str) -> Tongue:
    """The language of a line of a document. The document's own where nothing begins another, or names one that is known."""
    if language_id in _WITH_FENCES:
        return _in_fences(snapshot, line, language_id)
    if language_id in _WITH_SCRIPTS:
        return _in_page(snapshot, line, language_id)
    return Tongue(language_id)


def _in_fences(snapshot: Snapshot, line: int, language_id: str) -> Tongue:
    text, first = _above(snapshot, line)
    last, end = None, len(text)
    for _ in range(_MOST_INLINE):
        signs = max(text.rfind("```", 0, end), text.rfind("~~~", 0, end))
        if signs < 0 or last is not None:
            break
        end = text.rfind("\n", 0, signs) + 1
        last = _FENCE.match(text, end)
    # A fence that closes a block names no language; one that opens a block without a name leaves it text.
    named = _named(last[2]) if last is not None else ""
    if last is None or not named:
        return Tongue(language_id)
    return Tongue(named, first + text.count("\n", 0, last.end()) + 1)


def _in_page(snapshot: Snapshot, line: int, language_id: str) -> Tongue:
    text, first = _above(snapshot, line)
    start = max(text.rfind(name) for name in ("<script", "</script", "<style", "</style"))
    tag = _TAG.match(text, start) if start >= 0 else None
    if tag is None or tag[1]:
        return Tongue(language_id)
    lang = _LANG.search(tag[3])
    usual = "javascript" if tag[2].lower() == "script" else "css"
    named = _named(lang[1]) if lang is not None else ""
    return Tongue(named or usual, first + text.count("\n", 0, tag.end()) + 1)


def _above(snapshot: Snapshot, line: int) -> tuple[str, int]:
    """The lines above a line as one text, as many as may be read, and the number of the first of them."""
    first = max(0, line - _REACH_LINES)
    text = "".join(snapshot.raw_lines(first, line))
    if len(text) > _REACH_CHARS:
        cut = text.find("\n", len(text) - _REACH_CHARS) + 1
        first += text.count("\n", 0, cut)
        text = text[cut:]
    return text, first


def _named(name: str) -> str:
    """The language id that a fence's or a tag's word means; empty for none that is known."""
    name = name.lower()
    known = _NAMES.get(name) or (name if family_of(name) != UNKNOWN else "")
    return known or (language_of(f"file:///a.{name}") if name else "")
