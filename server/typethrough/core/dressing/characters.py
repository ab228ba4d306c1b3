"""Cleans the characters of an answer as its pieces arrive: one kind of line end, no invisible characters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.document.scan import family_of

if TYPE_CHECKING:
    from typethrough.core.document.view import View

# Control characters and characters without width: joiners, directions, byte order mark, line separators, tags, half
# surrogates.
_ODD: Final = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f"
)
_NO_BREAK: Final = "\xa0\u2007\u202f"
_SUSPECT: Final = re.compile(f"[{_ODD}{_NO_BREAK}]")
_LINE_END: Final = re.compile(r"\r+\n|\r")
# Escape sequences for a terminal: colours, titles.
_ESCAPE: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
# An escape sequence, a line end or a character that may be incomplete.
_HALF: Final = re.compile(
    "(?:\\x1b(?:\\[[0-?]*[ -/]*|\\][^\\x07\\x1b]{0,80}\\x1b?)?|\\r+|[\ud800-\udbff])\\Z"
)
_WAITING: Final = "\u200c\u200d" + _NO_BREAK
# Beside these signs in code, a no-break space is a mistake. In a text it may be intended.
_SIGNS: Final = frozenset("=+*/<>{}[](),;&|")
_LAST_NARROW: Final = "\u02ff"


class Characters:
    """The characters of one stream. A character that depends on the next one is held back until that has arrived."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._held = ""
        self._last = view.line_prefix[-1:]
        self._in_lead = not view.line_prefix.strip()

    def feed(self, piece: str) -> str:
        """Take a piece of the stream. Returns the text that is certain now."""
        if not self._held and _SUSPECT.search(piece) is None:
            self._note(piece)
            return piece
        text = self._held + piece
        kept = self._waits_from(text)
        self._held = text[kept:]
        return self._plain(text[:kept], self._held[:1])

    def end(self) -> str:
        """The text that was still held back. Call it when the stream has ended."""
        rest, self._held = self._held, ""
        return self._plain(rest, "")

    def _waits_from(self, text: str) -> int:
        """Where the part begins that must be held back."""
        half = _HALF.search(text)
        return len(text[: half.start() if half is not None else len(text)].rstrip(_WAITING))

    def _plain(self, text: str, following: str) -> str:
        if _SUSPECT.search(text) is None:
            self._note(text)
            return text
        near = self._view.near()
        text = _LINE_END.sub("\n", text)
        if "\x1b" not in near:
            text = _ESCAPE.sub("", text)
        if not text.isascii():
            # Some servers send a character's two surrogates in separate pieces.
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        said: list[str] = []
        for char, after in zip(text, [*text[1:], following], strict=False):
            kept = char if _SUSPECT.match(char) is None or char in near else self._replacement(char, after)
            self._note(kept)
            said.append(kept)
        return "".join(said)

    def _replacement(self, char: str, after: str) -> str:
        """The replacement for a character that answers should not have: a space, nothing, or itself where a language needs
        it.
        """
        if char not in _WAITING:
            return ""
        if char not in _NO_BREAK:
            # Keep a joiner between two letters of a script that needs it, or between two emoji.
            needed = self._last > _LAST_NARROW and after > _LAST_NARROW and _SUSPECT.match(after) is None
            return char if needed else ""
        in_code = family_of(self._view.language_id) not in {"text", "markup", "unknown"}
        return " " if self._in_lead or (in_code and not _SIGNS.isdisjoint((self._last, after))) else char

    def _note(self, text: str) -> None:
        if text:
            self._last = text[-1]
            self._in_lead = not text[text.rfind("\n") + 1 :].strip() and ("\n" in text or self._in_lead)
