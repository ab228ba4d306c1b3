"""Whether a request deserves an answer at all: the cheap refusals, before any source is asked."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from typing import TYPE_CHECKING, NamedTuple

from typethrough.core.context import indent_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typethrough.core.context import Context

# The rest of the line may be what editors and people close by themselves; in the middle of other text a suggestion
# mostly repeats it (the mid-line rule of every peer).
_CLOSING = re.compile(r"^\s*[)>}\]\"'`]*\s*[:{;,]?\s*$")

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
    if not _CLOSING.match(context.line_suffix):
        return Skip("in the middle of a line")
    if _inside_word(context):
        return Skip("in the middle of a word")
    if _block_follows(context):
        return Skip("the block that this line opens is already there")
    if not context.line_prefix.strip() and not context.previous_line() and not context.next_line():
        return Skip("nothing to go on yet")
    return None


def is_excluded(uri: str, patterns: Iterable[str]) -> bool:
    """Whether a file's name or path matches one of the exclusion globs."""
    path = uri.partition("://")[2] or uri
    name = path.rsplit("/", 1)[-1]
    return any(fnmatch(name, pattern) or fnmatch(path, pattern) for pattern in patterns)


def _inside_word(context: Context) -> bool:
    after = context.line_suffix[:1]
    return after.isalnum() or after == "_"


def _block_follows(context: Context) -> bool:
    """Whether the cursor's line opens a block whose first line stands right below: there is nothing to add between."""
    head = context.line_prefix.rstrip()
    if not head.endswith((":", "{", "(", "[")) or context.line_suffix.strip():
        return False
    below = context.lines_after(1)
    return bool(below and below[0].strip()) and len(indent_of(below[0])) > len(indent_of(head))
