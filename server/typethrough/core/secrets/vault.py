"""The secrets of one document: a placeholder for each, the same as long as the document is open, and what each stands for.

Every text on its way into a prompt is hidden here, and a `Prompt` is made nowhere else, so nothing reaches a gateway that has
not passed. Nothing here is ever written or logged.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.prompt.message import Message, Prompt
from typethrough.core.secrets.detector import Find, apart, finds, suspect_lines
from typethrough.core.secrets.placeholders import MARK, PLACEHOLDER, placeholder
from typethrough.core.secrets.private_keys import PRIVATE_KEY, key_spans, may_hold_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from typethrough.core.prompt.message import Draft

# Most lines of one prompt are those of the one before, so what they are hidden as is kept: about two large contexts of them.
_REMEMBERED_CHARS: Final = 1_000_000
_REMEMBERED_MESSAGES: Final = 256
_FEW_LINES: Final = 24
# Of so many secrets of a document, pieces are known again where they stand without what gave them away.
_MOST_PIECED: Final = 32
_PIECE_CHARS: Final = 8
_PIECED_CHARS: Final = 16
_PIECE: Final = re.compile(r"[A-Za-z0-9_\-+/.~]{8,}")
_MOST_SECRETS: Final = 2_000


class Vault:
    """Made with the document, and gone with it."""

    def __init__(self) -> None:
        self.hides = True
        self._placeholders: dict[str, str] = {}
        self._secrets: dict[str, str] = {}
        self._pieced: list[str] = []
        self._lines: dict[str, str] = {}
        self._line_chars = 0
        self._sealed: dict[int, tuple[Message, Message, tuple[str, ...]]] = {}

    def use(self, *, hides: bool) -> bool:
        """Whether anything is to be hidden at all from now on; returns whether that is a change."""
        if hides == self.hides:
            return False
        self.hides = hides
        self._sealed.clear()
        return True

    def lines(self, lines: Sequence[str]) -> list[str]:
        """Lines of the document with their secrets hidden, each as one line. Text that looks like a placeholder is hidden too."""
        return self._hidden(lines, own=False) if self.hides else list(lines)

    def at_cursor(self, prefix: str, suffix: str, spans: Iterable[tuple[int, int]] = ()) -> tuple[str, str]:
        """The parts of the cursor's line. The cursor is moved behind a secret that it is in; one that is still being typed gets a
        placeholder without a number, since it is another one at the next key. `spans` are parts of a private key in the line.
        """
        if not self.hides:
            return prefix, suffix
        line, cursor = prefix + suffix, len(prefix)
        before: list[str] = []
        after: list[str] = []
        end = 0
        for find in self._finds(line, spans):
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

    def seal(self, draft: Draft) -> Prompt:
        """The prompt that may be sent. Its stable messages are looked at once."""
        messages: list[Message] = []
        kept_back: list[str] = []
        for number, message in enumerate(draft.messages):
            sealed, found = self._seal_stable(message) if number < draft.stable else self._seal(message)
            messages.append(sealed)
            kept_back += found
        # A secret with a number counts once, wherever it stands.
        distinct = dict.fromkeys(one for one in kept_back if one in self._secrets)
        others = [one for one in kept_back if one not in self._secrets]
        return Prompt(
            tuple(messages),
            draft.stable,
            draft.stop,
            draft.max_output_tokens,
            draft.cache_key,
            draft.raw,
            (*distinct, *others),
            self._secrets if self.hides else {},
        )

    def _seal_stable(self, message: Message) -> tuple[Message, tuple[str, ...]]:
        known = self._sealed.get(id(message))
        if known is None or known[0] is not message:
            if len(self._sealed) >= _REMEMBERED_MESSAGES:
                self._sealed.clear()
            # The message is kept with it, so that its id stays its own.
            known = self._sealed[id(message)] = (message, *self._seal(message))
        return known[1:]

    def _seal(self, message: Message) -> tuple[Message, tuple[str, ...]]:
        if not self.hides:
            return message, ()
        text = "\n".join(self._hidden(message.text.split("\n"), own=True))
        sealed = message if text == message.text else Message(message.role, text)
        return sealed, tuple(PLACEHOLDER.findall(text)) if MARK in text else ()

    def _hidden(self, lines: Sequence[str], *, own: bool) -> list[str]:
        """`own`: the lines have placeholders of ours in them."""
        known = self._lines
        hidden = [known.get(line) for line in lines]
        if may_hold_key("\n".join(lines)):
            for number, spans in key_spans(lines).items():
                hidden[number] = self._line(lines[number], spans, own=own)
        missing = [number for number, line in enumerate(hidden) if line is None]
        if missing:
            suspects = self._suspects([lines[number] for number in missing])
            for number, is_suspect in zip(missing, suspects, strict=True):
                line = lines[number]
                hidden[number] = found = self._line(line, own=own) if is_suspect else line
                if MARK not in line:
                    known[line] = found
                    self._line_chars += len(line)
            if self._line_chars > _REMEMBERED_CHARS:
                self._forget_lines()
        return [line or "" for line in hidden]

    def _forget_lines(self) -> None:
        self._lines.clear()
        self._line_chars = 0

    def _suspects(self, lines: Sequence[str]) -> Iterable[bool]:
        if len(lines) <= _FEW_LINES or self._pieced:
            return (True for _ in lines)
        suspects = set(suspect_lines("\n".join(lines)))
        return (number in suspects or MARK in line for number, line in enumerate(lines))

    def _line(self, line: str, spans: Iterable[tuple[int, int]] = (), *, own: bool) -> str:
        """`spans` are parts of a private key in the line."""
        hidden: list[str] = []
        end = 0
        for find in self._finds(line, spans, own=own):
            hidden += (line[end : find.start], self._placeholder(line[find.start : find.end], find.kind))
            end = find.end
        return "".join((*hidden, line[end:])) if hidden else line

    def _finds(self, line: str, spans: Iterable[tuple[int, int]] = (), *, own: bool = False) -> list[Find]:
        found = [*(Find(start, end, PRIVATE_KEY) for start, end in spans), *finds(line)]
        if not own and MARK in line:
            found += [Find(*match.span(), "text") for match in PLACEHOLDER.finditer(line)]
        if self._pieced:
            found += self._pieces(line)
        return apart(found) if len(found) > 1 else found

    def _pieces(self, line: str) -> list[Find]:
        """Where known secrets or pieces of them stand, whatever is round them."""
        return [
            Find(*match.span(), "key")
            for match in _PIECE.finditer(line)
            if any(match[0] in secret or secret in match[0] for secret in self._pieced)
        ]

    def _placeholder(self, secret: str, kind: str) -> str:
        if kind == PRIVATE_KEY:
            # Nobody wants a line of it suggested.
            return placeholder(kind)
        known = self._placeholders.get(secret)
        if known is None:
            if len(self._placeholders) >= _MOST_SECRETS:
                return placeholder(kind)
            known = self._placeholders[secret] = placeholder(kind, len(self._placeholders) + 1)
            self._secrets[known] = secret
            if kind != "text" and len(secret) >= _PIECED_CHARS and _PIECE.fullmatch(secret):
                self._pieced = [*self._pieced[1 - _MOST_PIECED :], secret]
                self._forget_lines()
        return known
