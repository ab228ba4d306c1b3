"""The secrets of one document. Each has a placeholder that stays the same while the document is open.

Every text for a prompt passes through here, and only this class makes a `Prompt`. So nothing else can reach a gateway. Nothing
here is ever written to disk or logged.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.prompt.message import Message, Prompt
from typethrough.core.secrets.detector import (
    REACH_LINES,
    Find,
    apart,
    finds,
    lines_with,
    opening_of,
    openings,
    suspect_lines,
)
from typethrough.core.secrets.placeholders import MARK, PLACEHOLDER, placeholder
from typethrough.core.secrets.private_keys import PRIVATE_KEY, key_spans, may_hold_key

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from typethrough.core.prompt.message import Unsealed
    from typethrough.core.secrets.detector import Opening

# Most lines of a prompt were in the one before, so results are cached. A line that was not used since the file was frozen twice,
# or within this many characters, is in no prompt any more. Else such lines would add up over a hundred documents.
_REMEMBERED_CHARS: Final = 200_000
_FEW_LINES: Final = 24
# A secret at least this long and with a digit is found again elsewhere, as a whole and by its pieces.
_LEAST_CHARS: Final = 6
_PIECE_CHARS: Final = 8
_PIECE: Final = re.compile(r"[A-Za-z0-9_\-+/.~]{8,}")
_MOST_WHOLE: Final = 48
_MOST_GRAMS: Final = 20_000
_MOST_STRIDES: Final = 300
_MOST_SECRETS: Final = 2_000


class Vault:
    """Hides the secrets of one document. It lives as long as the document is open."""

    def __init__(self) -> None:
        self.hides = True
        self._placeholders: dict[str, str] = {}
        self._secrets: dict[str, str] = {}
        self._whole: list[str] = []
        # `_grams` are all pieces of the known secrets. `_strides` are only consecutive ones: each text twice as long as a
        # piece that comes from a secret contains one of them.
        self._grams: set[str] = set()
        self._strides: list[str] = []
        self._lines: dict[str, str] = {}
        self._lines_before: dict[str, str] = {}
        # Lines that leave a secret's name open, and the lines below them, each with what is open above it.
        self._open_lines: dict[tuple[str, Opening | None], tuple[str, Opening | None]] = {}
        self._above: tuple[list[str], Opening | None] = ([], None)
        # Lines on their way into a prompt that already contain our placeholders.
        self._marked: dict[str, str] = {}
        self._line_chars = 0
        # The stable messages of the last prompt, each with its sealed form.
        self._sealed: list[tuple[Message, Message, tuple[str, ...]]] = []

    def begin(self) -> None:
        """Call this when the file is frozen again. Lines that are then in no prompt are forgotten."""
        self._lines, self._lines_before = {}, self._lines
        self._open_lines.clear()
        self._marked.clear()
        self._line_chars = 0

    def use(self, *, hides: bool) -> bool:
        """Switch hiding on or off. Returns whether that changed anything."""
        if hides == self.hides:
            return False
        self.hides = hides
        self._sealed.clear()
        return True

    def lines(self, lines: Sequence[str]) -> list[str]:
        """Lines of the document with secrets hidden, one for one. Text that looks like a placeholder is hidden too."""
        return self._hidden(lines, own=False) if self.hides else list(lines)

    def opening_below(self, lines: list[str]) -> Opening | None:
        """What the lines above the cursor leave open for the cursor's line."""
        if not self.hides:
            return None
        if lines != self._above[0]:
            # While the user types in one line, the lines above it stay the same.
            suspects = suspect_lines("\n".join(lines))
            self._above = lines, openings(lines, suspects).get(len(lines))
        return self._above[1]

    def at_cursor(
        self,
        prefix: str,
        suffix: str,
        spans: Iterable[tuple[int, int]] = (),
        above: Opening | None = None,
    ) -> tuple[str, str]:
        """The cursor's line before and after the cursor, with secrets hidden.

        If the cursor is inside a secret, it is moved behind it. A secret that is still being typed gets a placeholder without
        a number, because it changes with the next key. `spans` are parts of a private key in the line. `above` is what is open
        above it.
        """
        if not self.hides:
            return prefix, suffix
        line, cursor = prefix + suffix, len(prefix)
        before: list[str] = []
        after: list[str] = []
        end = 0
        for find in self._finds(line, spans, above):
            touches = find.start < cursor <= find.end
            side = before if find.start < cursor else after
            if side is after and end < cursor:
                before.append(line[end:cursor])
                end = cursor
            side.append(line[end : find.start])
            side.append(
                placeholder(find.kind)
                if touches
                else self._placeholder(line[find.start : find.end], find.kind)
            )
            end = find.end
        if end <= cursor:
            before.append(line[end:cursor])
            end = cursor
        after.append(line[end:])
        return "".join(before), "".join(after)

    def seal(self, unsealed: Unsealed) -> Prompt:
        """Make the prompt that may be sent. Stable messages are checked only once."""
        messages: list[Message] = []
        kept_back: list[str] = []
        for number, message in enumerate(unsealed.messages):
            sealed, found = (
                self._seal_stable(number, message) if number < unsealed.stable else self._seal(message)
            )
            messages.append(sealed)
            kept_back += found
        del self._sealed[unsealed.stable :]
        # A secret with a numbered placeholder counts once, however often it occurs.
        distinct = dict.fromkeys(one for one in kept_back if one in self._secrets)
        others = [one for one in kept_back if one not in self._secrets]
        return Prompt(
            tuple(messages),
            unsealed.stable,
            unsealed.stop,
            unsealed.max_output_tokens,
            unsealed.cache_key,
            unsealed.raw,
            (*distinct, *others),
            self._secrets if self.hides else {},
        )

    def _seal_stable(self, number: int, message: Message) -> tuple[Message, tuple[str, ...]]:
        known = self._sealed
        if number >= len(known) or known[number][0] is not message:
            known[number:] = [(message, *self._seal(message))]
        return known[number][1:]

    def _seal(self, message: Message) -> tuple[Message, tuple[str, ...]]:
        if not self.hides:
            return message, ()
        text = "\n".join(self._hidden(message.text.split("\n"), own=True))
        sealed = message if text == message.text else Message(message.role, text)
        return sealed, tuple(PLACEHOLDER.findall(text)) if MARK in text else ()

    def _hidden(self, lines: Sequence[str], *, own: bool) -> list[str]:
        """The lines with secrets hidden. `own`: they may already contain our placeholders."""
        known = self._lines
        missing = {number: line for number, line in enumerate(lines) if line not in known}
        if missing and self._lines_before:
            missing = {number: line for number, line in missing.items() if not self._was_known(line)}
        if not missing:
            return [known[line] for line in lines]
        hidden = [known.get(line, "") for line in lines]
        # Lines with the start or end of a private key are never cached.
        spans = key_spans(lines) if may_hold_key("\n".join(missing.values())) else {}
        for number in spans:
            hidden[number] = self._line(lines[number], spans[number], own=own)
            missing.pop(number, None)
        suspects = self._suspects(list(missing.values()))
        last_below = -1
        for place, (number, line) in enumerate(missing.items()):
            if number <= last_below:
                continue
            if place not in suspects and MARK not in line:
                self._remember(line, line, own=own)
                hidden[number] = line
                continue
            hidden[number], opening = self._opening_line(line, None, own=own)
            # If a secret's name ends a line, its value may be below: check those lines even if cached.
            last_below, last = number, number + REACH_LINES
            while opening is not None and last_below < min(last, len(lines) - 1):
                last_below, above = last_below + 1, opening
                if last_below in spans:
                    hidden[last_below] = self._line(lines[last_below], spans[last_below], above, own=own)
                    break
                hidden[last_below], opening = self._opening_line(lines[last_below], above, own=own)
                if opening != above:
                    last = last_below + REACH_LINES
        return hidden

    def _opening_line(self, line: str, above: Opening | None, *, own: bool) -> tuple[str, Opening | None]:
        """A line with secrets hidden, and what it leaves open for the line below."""
        if MARK in line:
            hidden = self._marked.get(line) if own and above is None else None
            if hidden is None:
                hidden = self._line(line, (), above, own=own)
                if above is None:
                    self._remember(line, hidden, own=own)
            return hidden, None
        known = self._open_lines.get((line, above))
        if known is None:
            known = self._line(line, (), above, own=own), opening_of(line, above)
            if above is None and known[1] is None:
                self._remember(line, known[0], own=own)
            elif not may_hold_key(line):
                self._open_lines[line, above] = known
                self._count(line)
        return known

    def _remember(self, line: str, hidden: str, *, own: bool) -> None:
        if may_hold_key(line):
            return
        if MARK not in line:
            self._lines[line] = hidden
        elif own:
            self._marked[line] = hidden
        self._count(line)

    def _count(self, line: str) -> None:
        self._line_chars += len(line)
        if self._line_chars > _REMEMBERED_CHARS:
            self.begin()

    def _was_known(self, line: str) -> bool:
        """Whether a line was cached before the file was frozen. If so, it is cached again."""
        hidden = self._lines_before.get(line)
        if hidden is None:
            return False
        self._lines[line] = hidden
        self._line_chars += len(line)
        return True

    def _forget_lines(self) -> None:
        self.begin()
        self._lines_before.clear()

    def _suspects(self, lines: Sequence[str]) -> Container[int]:
        """The numbers of the lines that need a closer check."""
        if len(lines) <= _FEW_LINES:
            return range(len(lines))
        text = "\n".join(lines)
        return {*suspect_lines(text), *lines_with((*self._strides, *self._whole), text)}

    def _line(
        self,
        line: str,
        spans: Iterable[tuple[int, int]] = (),
        above: Opening | None = None,
        *,
        own: bool,
    ) -> str:
        """A line with secrets hidden. `spans` are parts of a private key in it, `above` is what is open above it."""
        hidden: list[str] = []
        end = 0
        for find in self._finds(line, spans, above, own=own):
            hidden += (line[end : find.start], self._placeholder(line[find.start : find.end], find.kind))
            end = find.end
        return "".join((*hidden, line[end:])) if hidden else line

    def _finds(
        self,
        line: str,
        spans: Iterable[tuple[int, int]] = (),
        above: Opening | None = None,
        *,
        own: bool = False,
    ) -> list[Find]:
        found = [*(Find(start, end, PRIVATE_KEY) for start, end in spans), *finds(line, above)]
        if not own and MARK in line:
            found += [Find(*match.span(), "text") for match in PLACEHOLDER.finditer(line)]
        if self._grams or self._whole:
            found += self._again(line)
        return apart(found) if len(found) > 1 else found

    def _again(self, line: str) -> list[Find]:
        """Where known secrets or pieces of them occur, in any surroundings."""
        grams, size = self._grams, _PIECE_CHARS
        found = [
            Find(*match.span(), "key")
            for match in (_PIECE.finditer(line) if grams else ())
            if any(match[0][at : at + size] in grams for at in range(len(match[0]) - size + 1))
        ]
        for secret in self._whole:
            start = line.find(secret)
            while start >= 0:
                end = start + len(secret)
                if not (line[start - 1 : start].isalnum() or line[end : end + 1].isalnum()):
                    found.append(Find(start, end, "secret"))
                start = line.find(secret, end)
        return found

    def _placeholder(self, secret: str, kind: str) -> str:
        if kind == PRIVATE_KEY:
            # Never put back: nobody wants a line of a private key as a suggestion.
            return placeholder(kind)
        known = self._placeholders.get(secret)
        if known is None:
            if len(self._placeholders) >= _MOST_SECRETS:
                return placeholder(kind)
            known = self._placeholders[secret] = placeholder(kind, len(self._placeholders) + 1)
            self._secrets[known] = secret
            if kind != "text":
                self._know(secret)
        return known

    def _know(self, secret: str) -> None:
        """Remember a secret, so that it is found even after its name was changed or something was typed into it."""
        if len(secret) < _LEAST_CHARS or not any(map(str.isdigit, secret)):
            return
        if len(secret) < _PIECE_CHARS or not _PIECE.fullmatch(secret):
            self._whole = [*self._whole[1 - _MOST_WHOLE :], secret]
        pieces = [secret[at : at + _PIECE_CHARS] for at in range(len(secret) - _PIECE_CHARS + 1)]
        if len(self._grams) > _MOST_GRAMS:
            self._grams.clear()
        # A piece of small letters only may be an ordinary word, so it is left out.
        self._grams.update(one for one in pieces if not one.islower() or any(map(str.isdigit, one)))
        self._strides = [*self._strides[-_MOST_STRIDES:], *pieces[::_PIECE_CHARS]]
        self._forget_lines()
