"""A document without its secrets. Prompts are built from this, not from the document itself.

A line is read together with some lines above it, because a secret's name may stand there. Secrets are hidden before a line is
cut and before the cursor is marked, so neither can leave half a secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.document.document import Position, content_length
from typethrough.core.secrets.detector import REACH_LINES
from typethrough.core.secrets.private_keys import key_spans, may_be_body, may_hold_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from typethrough.core.document.document import Snapshot
    from typethrough.core.document.view import View
    from typethrough.core.secrets.vault import Vault

# How much more of a line is read than is needed, so that a secret across the cut is seen whole.
_ACROSS_CHARS: Final = 2_000
# Limits for the cursor's line. The part before the cursor is cut at multiples of the step, so that its start stays the same
# while the user types.
_BEFORE_CHARS: Final = 32_768
_AFTER_CHARS: Final = 20_000
_STEP_CHARS: Final = 16_384
# The usual length of a private key.
_KEY_LINES: Final = 60


class Veil:
    """A snapshot whose lines contain no secrets. Its line and character counts are those of the document."""

    __slots__ = ("_snapshot", "_vault", "char_count", "line_count")

    def __init__(self, snapshot: Snapshot, vault: Vault) -> None:
        self._snapshot = snapshot
        self._vault = vault
        self.line_count = snapshot.line_count
        self.char_count = snapshot.char_count

    def lines(self, start: int, stop: int, most_chars: int) -> list[str]:
        """The lines from `start` to `stop` (not included), without line ends, each cut at `most_chars` characters."""
        if start >= stop:
            # This is so for most keys: their change is already in the open hunk of the edit log.
            return []
        first = max(0, start - REACH_LINES)
        hidden = self._vault.lines(self._snapshot.lines(first, stop, most_chars + _ACROSS_CHARS))
        return [line[:most_chars] for line in hidden[max(0, start) - first :]]

    def raw_lines(self, start: int, stop: int) -> Iterator[str]:
        """The same lines, whole and with their line ends."""
        first = max(0, start - REACH_LINES)
        raws = self._snapshot.raw_lines(first, stop)
        lengths = list(map(content_length, raws))
        hidden = self._vault.lines([raw[:length] for raw, length in zip(raws, lengths, strict=True)])
        wanted = slice(max(0, start) - first, None)
        return (
            f"{line}{raw[length:]}"
            for line, raw, length in zip(hidden[wanted], raws[wanted], lengths[wanted], strict=True)
        )


class VeiledView(NamedTuple):
    """The part of a request's view that a prompt may contain."""

    snapshot: Veil
    position: Position
    line_prefix: str
    line_suffix: str

    @staticmethod
    def of(view: View, vault: Vault) -> VeiledView:
        """The view without secrets. The cursor's column is counted in the text without them."""
        prefix, suffix = view.line_prefix, view.line_suffix
        if len(prefix) > _BEFORE_CHARS:
            prefix = prefix[(len(prefix) - _BEFORE_CHARS) // _STEP_CHARS * _STEP_CHARS :]
        suffix = suffix[:_AFTER_CHARS]
        prefix, suffix = vault.at_cursor(
            prefix,
            suffix,
            _key_spans(view, prefix + suffix),
            vault.opening_below(view.lines_before(REACH_LINES)),
        )
        position = Position(view.position.line, len(prefix))
        return VeiledView(Veil(view.snapshot, vault), position, prefix, suffix)


def _key_spans(view: View, line: str) -> Iterable[tuple[int, int]]:
    """The parts of the cursor's line that belong to a private key. They can only be found with the lines around it."""
    if not may_be_body(line) and not may_hold_key(line):
        return ()
    above, below = view.lines_before(_KEY_LINES), view.lines_after(_KEY_LINES)
    return key_spans([*above, line, *below]).get(len(above), ())
