"""Whether a suggestion may come by itself at a place, judged by the text around it.

At the end of a line it may. In the middle of a line a suggestion mostly repeats what follows (other tools have the same
rule). The exceptions are places where an editor, a snippet or the user has written the end in advance: before closing
signs only, at the end of a tag, a comment or a template's hole, and between brackets where something is missing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.asking.manner import is_not_ours
from typethrough.core.document.scan import family_of, without_comment
from typethrough.core.outcome.causes import Cause

if TYPE_CHECKING:
    from typethrough.core.document.view import View

# Lines and files above these limits are minified or generated. Nothing useful comes of them.
_MAX_LINE_CHARS: Final = 2_000
_MAX_FILE_CHARS: Final = 20_000_000
# How far before the cursor we look for an opening sign or a separator.
_NEAR_CHARS: Final = 400

_CLOSING: Final = re.compile(r"[)>}\]\"'`]*\s*[:{;,]?")
_WORD_CHAR: Final = re.compile(r"\w")
# Pairs of signs around comments, template parts, markup and strings. After the closing sign something else begins, so the
# text before it is at its end.
_SLEEVES: Final = (
    *(("/*", "*/"), ("<!--", "-->"), ("{{", "}}"), ("{%", "%}"), ("{#", "#}"), ("<%", "%>"), ("<?", "?>")),
    *(("{!!", "!!}"), ("(*", "*)"), ("{-", "-}"), ("[[", "]]"), ("<<", ">>"), ("{|", "|}"), ("[|", "|]")),
    *(("${", "}"), ("#{", "}"), ("$(", ")"), ("\\(", ")"), ("\\[", "\\]"), ("\\left", "\\right")),
)
# In prose, also pairs around parts of a sentence, because the rest of the sentence does not depend on what is between them.
_PROSE_SLEEVES: Final = (
    *(("(", ")"), ("[", "]"), ("{", "}"), ("<", ">"), ("“", "”"), ("«", "»"), ("„", "“")),
    *((sign, sign) for sign in ("$$", "$", "**", "__", "~~", "*", "_", "``", "`", '"')),
)
_INSIDE: Final = frozenset(("/*", "<!--"))
_OPENER_OF: Final = {")": "(", "]": "[", "}": "{"}
_QUOTES: Final = frozenset("\"'`")
# Code cannot end with one of these.
_LEADS_ON: Final = re.compile(r"(?:[(\[{,=*/%&|<>.!?:^~]|(?<!\+)\+|(?<!-)-)$")
# `Map<K, ` and `Vec<Option<`. A comparison has a blank before its sign.
_TYPE_ARGUMENTS: Final = re.compile(r"[\w:.](<[\w\s,.:&'*?|\[\]<>]*)$")
_IN_TAG: Final = re.compile(r"<[A-Za-z][\w.:-]*(?:\s(?:[^<>]|=>)*)?$")
_END_OF_TAG: Final = re.compile(r"[)\]}\"'`\s;]*/?>|[\"']\s")
# One-line blocks that end with a word.
_WITH_WORDS: Final = frozenset(("lua", "ruby", "shell", "unknown"))
_CLOSING_WORDS: Final = re.compile(r"[)\]}\"'`\s;,|]*(?:\b(?:then|do|end|fi|done|esac)\b[)\s,;]*)+")
# `|a, b` after a bracket, a comma or `do`: parameters in Rust, in Ruby and in Ruby templates.
_PARAMETERS: Final = re.compile(r"(?:[({,=]|\bdo|\bmove)\s*\|[^|]*$")
_BEFORE_END: Final = ")]\"'; "


def unwanted_at(view: View, *, invoked: bool, has_context: bool = False) -> Cause | None:
    """Why nothing is suggested at a place, or None. A request by hand is refused only where no answer can be useful.

    `has_context`: something besides this file is known, so a suggestion in an empty file makes sense.
    """
    if view.file_chars > _MAX_FILE_CHARS:
        return Cause.FILE_TOO_LARGE
    if view.line_chars > _MAX_LINE_CHARS:
        return Cause.LINE_TOO_LONG
    if invoked:
        return None
    suffix = view.line_suffix.strip()
    if suffix:
        if _WORD_CHAR.match(view.line_prefix[-1:]) and _WORD_CHAR.match(view.line_suffix[:1]):
            return Cause.INSIDE_WORD
        if not (_CLOSING.fullmatch(suffix) or _is_closed_ahead(view, suffix)):
            return Cause.INSIDE_LINE
    elif is_not_ours(view):
        return Cause.NOT_OURS
    elif not (has_context or view.line_prefix.strip() or view.previous_line() or view.next_line()):
        return Cause.EMPTY_FILE
    return None


def _is_closed_ahead(view: View, suffix: str) -> bool:
    """Whether the rest of the line, which is more than closing signs, was written in advance."""
    prefix, family = view.line_prefix[-_NEAR_CHARS:], family_of(view.language_id)
    return (
        _is_in_sleeve(view, prefix, suffix, family)
        or _is_in_tag(prefix, suffix)
        or _is_in_hole(prefix, suffix)
        or _is_before_words(prefix, suffix, family)
        or _is_before_comment(view)
    )


def _is_in_sleeve(view: View, prefix: str, suffix: str, family: str) -> bool:
    # Brackets, quotes and a semicolon may stand before the closing sign.
    ends = {suffix, suffix.lstrip(_BEFORE_END)}
    if any(
        end.startswith(closer) and _is_open(prefix, opener, closer)
        for end in ends
        for opener, closer in _SLEEVES
    ):
        return True
    if family == "text" and (
        any(
            suffix.startswith(closer) and _is_open(prefix, opener, closer)
            for opener, closer in _PROSE_SLEEVES
        )
        # A cell of a table.
        or (suffix[0] == "|" and prefix.lstrip().startswith("|"))
    ):
        return True
    if family == "shell" and suffix.startswith("]") and _is_open(prefix, "[", "]"):
        return True
    # A comment that began on a line above.
    return suffix.startswith(("*/", "-->")) and view.state.inside in _INSIDE


def _is_open(prefix: str, opener: str, closer: str) -> bool:
    if opener == closer:
        return prefix.count(opener) % 2 == 1
    start = prefix.rfind(opener)
    return start >= 0 and closer not in prefix[start + len(opener) :]


def _is_in_tag(prefix: str, suffix: str) -> bool:
    """Whether the cursor is before the end of an element, of a tag, or of an attribute's value."""
    if suffix.startswith("</"):
        return True
    if suffix[0] == ">" and prefix.endswith("<"):
        return True
    if suffix[0] == ">" and (arguments := _TYPE_ARGUMENTS.search(prefix)) is not None:
        return arguments[1].count("<") > arguments[1].count(">")
    return _END_OF_TAG.match(suffix) is not None and _IN_TAG.search(prefix) is not None


def _is_in_hole(prefix: str, suffix: str) -> bool:
    """Whether the cursor is between empty quotes or brackets, or before a closing one where something is missing."""
    closer = suffix[0]
    if closer in _QUOTES:
        return prefix.endswith(closer) and prefix.count(closer) % 2 == 1
    opener, code = _OPENER_OF.get(closer), prefix.rstrip()
    if opener is None or prefix.count(opener) <= prefix.count(closer):
        return False
    # A slice may end with a colon.
    return _LEADS_ON.search(code) is not None and not (closer == "]" and code.endswith(":"))


def _is_before_words(prefix: str, suffix: str, family: str) -> bool:
    if suffix[0] == "|" and _PARAMETERS.search(prefix):
        return True
    return family in _WITH_WORDS and _CLOSING_WORDS.fullmatch(suffix) is not None


def _is_before_comment(view: View) -> bool:
    """Whether only closing signs and a comment follow."""
    prefix = view.line_prefix
    rest = without_comment(prefix + view.line_suffix, view.language_id)[len(prefix) :].strip()
    return bool(rest) and _CLOSING.fullmatch(rest) is not None
