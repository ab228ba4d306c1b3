"""Conversion between LSP's JSON and our types: positions in UTF-16, UTF-8 or UTF-32 units, edits, and completion items."""

from __future__ import annotations

import re
from enum import StrEnum
from textwrap import dedent
from typing import TYPE_CHECKING, Any, NamedTuple

from typethrough.core.document.document import Position
from typethrough.lsp.fields import InvalidParams, is_integer, text_of

if TYPE_CHECKING:
    from typethrough.core.document.document import Snapshot
    from typethrough.core.document.view import View
    from typethrough.core.outcome.outcome import Suggestion


_TWO_UNITS = re.compile("[\U00010000-\U0010ffff]")
_NO_WORD = re.compile(r"\W")
_TICKS = re.compile(r"`+")
_WIDEST_UNIT = 16


class Encoding(StrEnum):
    """The unit in which a client counts characters (LSP 3.17, `PositionEncodingKind`)."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"


def to_column(line: str, units: int, encoding: Encoding) -> int:
    """The code point column for `units` on a line. Inside a character it is the column before it. Past the end it is the end."""
    if units <= 0:
        return 0
    if encoding is Encoding.UTF32 or line.isascii():
        return min(units, len(line))
    # A character has at most 4 units.
    units = min(units, 4 * len(line))
    if encoding is Encoding.UTF8:
        head = line[:units].encode("utf-8", "surrogatepass")
        end = min(units, len(head))
        while end < len(head) and head[end] & 0xC0 == 0x80:
            end -= 1
        return len(head[:end].decode("utf-8", "surrogatepass"))
    extra = 0
    for wide in _TWO_UNITS.finditer(line, 0, units):
        if wide.start() + extra + 2 > units:
            return min(units - extra, wide.start())
        extra += 1
    return min(units - extra, len(line))


def to_units(line: str, column: int, encoding: Encoding) -> int:
    """The number of units before a code point column. Past the end of the line it is the whole line's."""
    before = line[:column]
    if encoding is Encoding.UTF32 or before.isascii():
        return len(before)
    if encoding is Encoding.UTF16:
        return len(before.encode("utf-16-le", "surrogatepass")) // 2
    return len(before.encode("utf-8", "surrogatepass"))


def position_in(snapshot: Snapshot, value: Any, encoding: Encoding, field: str = "position") -> Position:
    """The `Position` for an LSP position, clamped into the document. Raises InvalidParams, which names `field`."""
    if not isinstance(value, dict):
        raise InvalidParams(f"{field} must be an object")
    line, character = value.get("line"), value.get("character")
    if not is_integer(line) or not is_integer(character):
        raise InvalidParams(f"{field} must have an integer line and character")
    if line >= snapshot.line_count or line < 0:
        return snapshot.clamp(Position(line, 0))
    if snapshot.raw_line(line).isascii():
        # Nearly every line is ASCII, where a column is the same number in all encodings.
        return Position(line, min(max(character, 0), snapshot.line_chars(line)))
    return Position(line, to_column(snapshot.line(line), character, encoding))


class Range(NamedTuple):
    """Two positions in a document."""

    start: Position
    end: Position


def range_in(snapshot: Snapshot, value: Any, encoding: Encoding, field: str = "range") -> Range:
    """The `Range` for an LSP range, or for the array `[start, end]` that older clients send. Raises InvalidParams."""
    if isinstance(value, list) and len(value) == 2:
        start, end = value
    elif isinstance(value, dict):
        start, end = value.get("start"), value.get("end")
    else:
        raise InvalidParams(f"{field} must have a start and an end")
    first = position_in(snapshot, start, encoding, f"{field}.start")
    # Most edits are insertions, where start and end are equal.
    return Range(first, first if start == end else position_in(snapshot, end, encoding, f"{field}.end"))


class Asked(NamedTuple):
    """The content of an inline completion request, except its document. `invoked`: the user asked for it by a key.

    `start` is where an item's range must begin if a completion menu is open, else None. `expected` is the text that the menu's
    selected entry would add at the cursor. It is None if the entry does not begin with the typed text.
    """

    position: Position
    invoked: bool
    start: Position | None = None
    expected: str | None = ""


def asked(params: dict[str, Any], snapshot: Snapshot, encoding: Encoding, *, draft_kinds: bool) -> Asked:
    """Read an inline completion request. Raises InvalidParams.

    LSP 3.18 has the trigger kinds Invoked 1 and Automatic 2; its drafts had 0 and 1. `draft_kinds` says that this client
    uses the drafts' numbers. Without a context the request is Automatic.
    """
    position = position_in(snapshot, params.get("position"), encoding)
    context = params.get("context")
    if context is None:
        context = {}
    if not isinstance(context, dict):
        raise InvalidParams("context must be an object")
    kind = context.get("triggerKind")
    invoked = is_integer(kind) and kind in ((0,) if draft_kinds else (0, 1))
    selected = context.get("selectedCompletionInfo")
    if not isinstance(selected, dict):
        return Asked(position, invoked)
    where = range_in(snapshot, selected.get("range"), encoding, "selectedCompletionInfo.range")
    text = text_of(selected.get("text"), "selectedCompletionInfo.text")
    typed = snapshot.slice(where.start, position)
    if where.start.line != position.line or not text.startswith(typed):
        return Asked(position, invoked, where.start, None)
    return Asked(position, invoked, where.start, text[len(typed) :])


def version_in(params: dict[str, Any]) -> int | None:
    """The document version for which the request was made. None if the client does not send it."""
    version = params["textDocument"].get("version")
    return version if is_integer(version) else None


def unit_in(params: dict[str, Any]) -> str:
    """One step of indentation according to `formattingOptions` (LSP's `FormattingOptions`). Empty if they do not say it."""
    options = params.get("formattingOptions")
    if not isinstance(options, dict):
        return ""
    size = options.get("tabSize")
    if not is_integer(size) or not 0 < size <= _WIDEST_UNIT:
        return ""
    return " " * size if options.get("insertSpaces") is not False else "\t"


def is_draft_kind(params: dict[str, Any]) -> bool:
    """Whether the request has the trigger kind 0, which exists only in drafts of LSP 3.18."""
    context = params.get("context")
    kind = context.get("triggerKind") if isinstance(context, dict) else None
    return is_integer(kind) and kind == 0


class Notation(NamedTuple):
    """How a client writes positions and text.

    `encoding` is the unit of its columns, `eol` the line end of its document. `first_line` is the line of the engine's document
    where the client's document begins (0 except for notebook cells). The client runs `command` after it has inserted a
    suggestion.
    """

    encoding: Encoding
    eol: str
    command: str
    first_line: int = 0


def item(suggestion: Suggestion, view: View, notation: Notation, *, start: Position | None) -> dict[str, Any]:
    """A suggestion as an InlineCompletionItem in a form that every client shows: a plain string, and a range on one line.

    At the end of a line the range begins at the first character that is not white space, and the item's text repeats the typed
    text, because some clients filter items by it. In the middle of a line the range is empty, at the cursor. `start`, if given,
    is where the range begins instead.
    """
    line = view.line_prefix + view.line_suffix
    at = view.position
    if start is not None and start.line == at.line and start <= at:
        first = start.column
    elif view.line_suffix.strip():
        first = at.column
    else:
        first = len(view.line_prefix) - len(view.line_prefix.lstrip())
    text = view.line_prefix[first:] + suggestion.text
    row, end = at.line - notation.first_line, at.column + suggestion.replaces
    return {
        "insertText": text if notation.eol == "\n" else text.replace("\n", notation.eol),
        "range": {
            "start": {"line": row, "character": to_units(line, first, notation.encoding)},
            "end": {"line": row, "character": to_units(line, end, notation.encoding)},
        },
        "command": {"title": "Accepted", "command": notation.command, "arguments": [suggestion.id]},
    }


def completion_item(
    suggestion: Suggestion, view: View, notation: Notation, *, markdown: bool
) -> dict[str, Any]:
    """A suggestion for clients that have only the completion menu. It is sorted last and never preselected.

    Label and range begin with the word at the cursor. Menus filter by this word, and some show the label in its place.
    """
    word = _NO_WORD.split(view.line_prefix)[-1]
    start = Position(view.position.line, view.position.column - len(word))
    inline = item(suggestion, view, notation, start=start)
    head, *rest = (word + suggestion.text).split("\n")
    label = head if head != word else f"{word} ↵ {next(filter(None, map(str.strip, rest)), '')}".strip()
    whole = dedent(view.line_prefix + suggestion.text)
    return {
        "label": label,
        "detail": "typethrough" if not rest else f"typethrough, {len(rest) + 1} lines",
        "kind": 1,
        "documentation": _code_block(whole, view.language_id) if markdown else whole,
        "filterText": head or label,
        "sortText": "\uffff",
        "preselect": False,
        "insertTextFormat": 1,
        "insertTextMode": 1,
        "textEdit": {"range": inline["range"], "newText": inline["insertText"]},
        "command": inline["command"],
    }


def _code_block(code: str, language_id: str) -> dict[str, str]:
    """The code as a Markdown code block. The fence is longer than any run of backticks in the code."""
    fence = "`" * max(3, 1 + max(map(len, _TICKS.findall(code)), default=0))
    return {"kind": "markdown", "value": f"{fence}{language_id}\n{code}\n{fence}"}


def line_end(snapshot: Snapshot, line: int) -> str:
    """The line end that the document uses near `line`."""
    for raw in (*snapshot.raw_lines(line - 1, line + 1), *snapshot.raw_lines(0, 1)):
        if raw.endswith("\r\n"):
            return "\r\n"
        if raw.endswith(("\n", "\r")):
            return raw[-1]
    return "\n"
