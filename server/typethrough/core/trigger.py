"""Whether a request deserves an answer at all: the cheap refusals, before any source is asked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from typethrough.core import settings_exclude

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typethrough.core.context import Context

# The rest of the line may be what editors and people close by themselves; in the middle of other text a suggestion
# mostly repeats it (the mid-line rule of every peer).
_CLOSING = re.compile(r"^\s*[)>}\]\"'`]*\s*[:{;,]?\s*$")

_WORD_CHAR = re.compile(r"\w")

# A drive's letter is no scheme.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:(?://[^/]*)?")

# Minified and generated files: nothing useful comes of them, and their lines are the size of prompts.
_MAX_LINE_CHARS = 2_000
_MAX_FILE_CHARS = 20_000_000


class Skip(NamedTuple):
    """No suggestion is wanted here, and why, in plain words."""

    reason: str


def decide(
    context: Context,
    *,
    invoked: bool,
    enabled: bool,
    disabled_languages: Iterable[str],
    exclude: Iterable[str],
) -> Skip | None:
    """The reason to stay silent, or None. What the user *invoked* is refused only by switches and exclusions."""
    if not enabled:
        return Skip("switched off")
    if context.language_id in disabled_languages:
        return Skip(f"switched off for {context.language_id}")
    if is_excluded(context.uri, exclude):
        return Skip("the file is excluded")
    if context.snapshot.char_count > _MAX_FILE_CHARS:
        return Skip("the file is too large")
    if len(context.line_prefix) + len(context.line_suffix) > _MAX_LINE_CHARS:
        return Skip("the line is too long")
    if invoked:
        return None
    if _inside_word(context):
        return Skip("in the middle of a word")
    if not _CLOSING.match(context.line_suffix):
        return Skip("in the middle of a line")
    if not context.line_prefix.strip() and not context.previous_line() and not context.next_line():
        return Skip("nothing to go on yet")
    return None


def is_excluded(uri: str, patterns: Iterable[str]) -> bool:
    """Whether an exclusion glob matches a document's path: a `file:` URI's, a notebook cell's, or a bare path."""
    scheme = _SCHEME.match(uri)
    # A cell's URI names the cell behind its notebook's path; a path's own `#` and `?` are percent-encoded.
    path = unquote(re.split(r"[?#]", uri[scheme.end() :])[0]) if scheme else uri
    return settings_exclude.is_excluded(path, patterns)


def _inside_word(context: Context) -> bool:
    return bool(_WORD_CHAR.match(context.line_prefix[-1:]) and _WORD_CHAR.match(context.line_suffix[:1]))
