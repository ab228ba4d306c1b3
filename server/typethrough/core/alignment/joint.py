"""Joins an answer to the cursor's line: removes doubled blanks and a needless line break, and adds a missing one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.document.indentation import indent_of
from typethrough.core.document.scan import family_of, is_comment, opens_block, scan
from typethrough.core.dressing.draft import NOTHING_YET, Draft
from typethrough.core.dressing.marks import is_made_of_tags

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_SENTENCE_END: Final = (".", "!", "?", ":")
_OPERATORS: Final = frozenset("=,:+-*/%&|<>?")
_WORD: Final = re.compile(r"[#@]?\w*")
_LAST_WORD: Final = re.compile(r"\w*\Z")
# A statement begins with these words; they never continue one.
_STATEMENT_WORDS: Final = (
    "import", "return", "def", "class", "const", "let", "var", "val", "func", "fn", "function", "use", "using", "pub",
    "require", "require_relative", "raise", "throw", "public", "private", "protected", "struct", "enum", "interface", "export",
    "package", "namespace", "local", "defmodule", "#include", "#define", "#import",
)  # fmt: skip
_FROM_IMPORT: Final = re.compile(r"from \S+ import\b")
# After one of these words the statement must continue.
_ASKS_FOR_MORE: Final = frozenset(
    (
        *_STATEMENT_WORDS, "async", "await", "abstract", "default", "else", "extern", "final", "from", "go", "declare", "defer",
        "in", "is", "and", "or", "not", "new", "override", "readonly", "static", "then", "do", "try", "type", "unsafe", "yield",
    )
)  # fmt: skip
# Statements that consist of one word.
_ALONE: Final = frozenset(("break", "continue", "done", "end", "endif", "esac", "fi", "pass"))
_ASSIGNMENT: Final = re.compile(r"\s*[A-Za-z_][\w.]*\s*:?=\s+\S")
_ASSIGNMENT_START: Final = re.compile(r"[A-Za-z_][\w.]*\s*:?(?:=\s*)?\Z")
_ITEM: Final = re.compile(r"\s*([-*+]|\d+[.)])\s+\S.*")
_ITEM_START: Final = re.compile(r"(?:[-*+]|\d+[.)]?)\s?\Z")
_HEADER: Final = re.compile(
    r"\s*(?:\} *)?(?:if|else|elif|for|while|switch|catch|with|function|func|fn|def|async|case|match|@)\b"
)
_LABEL: Final = re.compile(r"\s*(?:case\b|default\b)")
_INFIX: Final = frozenset(
    (
        "and", "as", "catch", "do", "else", "extends", "finally", "for", "from", "if", "implements", "in",
        "instanceof", "is", "not", "of", "or", "satisfies", "then", "unless", "until", "while",
    )
)  # fmt: skip
_BY_SEMICOLON: Final = frozenset(("js", "c", "go", "rust", "css", "sql"))
_BY_BRACE: Final = frozenset(("js", "c", "go", "rust", "css"))
_BY_LINE: Final = frozenset(("python", "go", "lua", "js", "ruby"))
_PAIR: Final = re.compile(r"\s*(?:- )?[\w.-]+:[ \t]+\S.*")
_KEY: Final = re.compile(r"[A-Za-z_][\w.-]*:(?:[ \t]|$)")
_KEY_START: Final = re.compile(r"[A-Za-z_][\w.-]*:?\Z")


def joint(draft: Draft, view: View) -> Draft:
    """Join the answer to the cursor's line."""
    text, done = draft
    if not text:
        return draft
    if not view.line_prefix.strip():
        return _below(draft, view) if text[0] in " \t\n" else draft
    if text[0] in " \t":
        return _without_blanks(draft, view)
    if text[0] == "\n" or view.line_suffix.strip():
        return draft
    apart = _is_next_statement(text, view, done=done)
    if apart is None:
        return NOTHING_YET
    lead = view.indent if family_of(view.language_id) in {"text", "data"} else ""
    return Draft(f"\n{lead}{text}", done) if apart else draft


def _below(draft: Draft, view: View) -> Draft:
    """Remove a leading line break when the cursor is on a blank line that is there for the answer."""
    text, done = draft
    content = text.lstrip()
    if "\n" not in text[: len(text) - len(content)] or view.line_suffix.strip():
        return draft
    if not content:
        return draft if done else NOTHING_YET
    start = text.rfind("\n", 0, len(text) - len(content)) + 1
    lead = text[start : len(text) - len(content)]
    opened = opens_block(view.previous_line(), view.language_id)
    deep = len(lead.expandtabs(len(view.unit))) >= len(view.indent.expandtabs(len(view.unit))) > 0
    return Draft(text[start:], done) if opened or deep else draft


def _without_blanks(draft: Draft, view: View) -> Draft:
    """Remove leading blanks if a blank already stands before the cursor, unless they align the text with a nearby line."""
    text, done = draft
    prefix = view.line_prefix
    content = text.lstrip(" \t")
    blanks = len(text) - len(content)
    if prefix[-2:].isspace() or (not prefix[-1].isspace() and (blanks < 2 or prefix[-1] not in _OPERATORS)):
        return draft
    if not content:
        return draft if done else NOTHING_YET
    if content[0] == "\n" or is_comment(text, view.language_id):
        return draft
    inside = view.state.inside
    prose = family_of(view.language_id) == "text" or inside != ""
    if (inside and (inside not in {"#", "/*"} or text[:2].isspace())) or (
        prose and prefix.rstrip().endswith(_SENTENCE_END)
    ):
        return draft
    column = len(prefix) + len(text) - len(content)
    for line in (view.previous_line(), view.next_line()):
        there = line[column : column + 1]
        two = line[max(0, column - 2) : column]
        if two.endswith(" ") and there.strip() and (there == content[0] or two.isspace()):
            return draft
    return Draft(content if prefix[-1].isspace() else " " + content, done)


def _is_next_statement(text: str, view: View, *, done: bool) -> bool | None:
    """Whether the text begins another statement after a finished one. None if more text is needed to tell."""
    prefix, language = view.line_prefix.rstrip(), view.language_id
    family = family_of(language)
    if prefix != view.line_prefix or family == "markup":
        return False
    last = prefix[-1]
    if family in {"text", "data"} and _ITEM.fullmatch(prefix):
        if not done and _ITEM_START.fullmatch(text):
            return None
        if _ITEM.match(text) is not None:
            # The dash after `- |` belongs to a text, not to a list.
            return prefix[-1] not in "|>"
    if family == "text":
        return False
    word = _WORD.match(text)
    first = word[0] if word is not None else ""
    more_may_come = not done and len(first) == len(text)
    if family == "data":
        if not _PAIR.fullmatch(prefix) or last in ",{[:>|&":
            return False
        if not done and _KEY_START.fullmatch(text):
            return None
        return _KEY.match(text) is not None and view.state.inside == ""
    if last in "0123456789\"')]" and _ASSIGNMENT.match(prefix) and text[0].isalpha() and _is_closed(view):
        if _ASSIGNMENT.match(text):
            return True
        if not done and _ASSIGNMENT_START.fullmatch(text):
            return None
    begins = bool(first) and (first[0] == "#" or not first[0].isdigit())
    if not begins and not (family == "css" and last == "}" and text[0] in ".#@:*["):
        return False
    if not _may_end(last, first, family, view):
        return False
    if more_may_come:
        return None
    if last == ";" or (last == "}" and family in _BY_BRACE):
        return first not in _INFIX and _is_closed(view)
    if first in _STATEMENT_WORDS and text[len(first) : len(first) + 1].isspace():
        return _is_closed(view)
    if first == "from" and _FROM_IMPORT.match(text):
        return _is_closed(view)
    if last in ")]" and family in _BY_LINE and first not in _INFIX and first.isidentifier():
        return _is_closed(view)
    return False


def _may_end(last: str, first: str, family: str, view: View) -> bool:
    """Whether a statement may end at the cursor, and the answer's first word may begin another one."""
    prefix = view.line_prefix
    if last == ";":
        return family in _BY_SEMICOLON and _LABEL.match(prefix) is None
    if last == "}":
        return family in _BY_BRACE and not (is_made_of_tags(view.language_id) and "<" in prefix)
    starts_statement = any(known.startswith(first) for known in (*_STATEMENT_WORDS, "from"))
    if last in ")]":
        return (family in _BY_LINE or starts_statement) and _HEADER.match(prefix) is None
    if last in "\"'`>":
        return starts_statement
    word = _LAST_WORD.search(prefix)
    if word is None or not word[0] or word[0] in _ASKS_FOR_MORE:
        return False
    return starts_statement and (word[0] != prefix.strip() or word[0] in _ALONE)


def _is_closed(view: View) -> bool:
    """Whether the cursor's line is code and leaves nothing open."""
    if view.state.inside or scan(view.line_prefix, view.language_id).opened:
        return False
    return not indent_of(view.line_prefix) or not is_comment(view.line_prefix, view.language_id)
