"""The language at a line of a document with several languages: a code block in Markdown, a script or style in a web page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.document.scan import UNKNOWN, family_of
from typethrough.core.document.uris import language_of

if TYPE_CHECKING:
    from typethrough.core.document.document import Snapshot

# How far above the line we look for the start of a block. Joining this many lines takes about 20 µs.
_REACH_LINES: Final = 400
_REACH_CHARS: Final = 32_000
# How many lines with a fence sign in the middle are skipped in the search for a fence.
_MOST_INLINE: Final = 40

_WITH_FENCES: Final = frozenset(("markdown", "mdx", "quarto", "rmd"))
_WITH_SCRIPTS: Final = frozenset(("html", "vue", "svelte", "django-html", "jinja-html", "handlebars"))
_FENCE: Final = re.compile(r"[ \t>]*(?:[-*+] )?(`{3,}|~{3,})[ \t]*\{?[.]?([\w+#-]*)")
_TAG: Final = re.compile(r"<(/?)(script|style)\b([^>\n]*)>?", re.IGNORECASE)
_LANG: Final = re.compile(r"""\b(?:lang|type)\s*=\s*["']?(?:text/)?([\w-]+)""")
# Names that are neither a language id nor a file's suffix.
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
    """A language, and the first line of this part of the document. Lines above it are in another language."""

    language_id: str
    first_line: int = 0


def language_at(snapshot: Snapshot, line: int, language_id: str) -> Tongue:
    """The language at a line. It is the document's own unless a block with a known language surrounds the line."""
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
    # A fence that closes a block has no language name. One that opens a block without a name is treated in the same way: as
    # text.
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
    """The lines above a line as one text, up to the limits, and the number of its first line."""
    first = max(0, line - _REACH_LINES)
    text = "".join(snapshot.raw_lines(first, line))
    if len(text) > _REACH_CHARS:
        cut = text.find("\n", len(text) - _REACH_CHARS) + 1
        first += text.count("\n", 0, cut)
        text = text[cut:]
    return text, first


def _named(name: str) -> str:
    """The language id for the word at a fence or a tag. Empty for an unknown word."""
    name = name.lower()
    known = _NAMES.get(name) or (name if family_of(name) != UNKNOWN else "")
    return known or (language_of(f"file:///a.{name}") if name else "")
