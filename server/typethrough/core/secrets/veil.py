"""A document as it may be told to others: what a prompt is put together from in place of the document itself.

Lines are read with some above them, for a secret's name may stand there. Secrets are hidden before a line is cut and before
the cursor is marked, so neither leaves half a secret.
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

# Of a line so much more is read than is wanted: a secret that reaches across the cut is seen whole.
_ACROSS_CHARS: Final = 2_000
# Of the cursor's line. The part before it is cut at multiples of the step, so that it stays the same while its end grows.
_BEFORE_CHARS: Final = 32_768
_AFTER_CHARS: Final = 20_000
_STEP_CHARS: Final = 16_384
# As long as private keys are.
_KEY_LINES: Final = 60


class Veil:
    """A snapshot whose lines have no secrets in them. Its line and character counts are the snapshot's own."""

    __slots__ = ("_snapshot", "_vault", "char_count", "line_count")

    def __init__(self, snapshot: Snapshot, vault: Vault) -> None:
        self._snapshot = snapshot
        self._vault = vault
        self.line_count = snapshot.line_count
        self.char_count = snapshot.char_count

    def lines(self, start: int, stop: int, most_chars: int) -> list[str]:
        """Lines `start` to `stop` (exclusive, clamped to the document), without line ends and of each at most so much."""
        if start >= stop:
            # As at most keys: what they change is in the open hunk of the edit log already.
            return []
        first = max(0, start - REACH_LINES)
        hidden = self._vault.lines(self._snapshot.lines(first, stop, most_chars + _ACROSS_CHARS))
        return [line[:most_chars] for line in hidden[max(0, start) - first :]]

    def raw_lines(self, start: int, stop: int) -> Iterator[str]:
        """The same whole and with their line ends."""
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
    """What a prompt may know of a request's view."""

    snapshot: Veil
    position: Position
    line_prefix: str
    line_suffix: str

    @staticmethod
    def of(view: View, vault: Vault) -> VeiledView:
        """The view without its secrets. The cursor's column is that in the text without them."""
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
    """What of the cursor's line is part of a private key, which shows at its beginning or its end alone."""
    if not may_be_body(line) and not may_hold_key(line):
        return ()
    above, below = view.lines_before(_KEY_LINES), view.lines_after(_KEY_LINES)
    return key_spans([*above, line, *below]).get(len(above), ())
