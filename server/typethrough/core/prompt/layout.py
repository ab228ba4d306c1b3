"""The whole prompt of one document, from most to least stable: rules, anchor, edit log, window.

Everything before the window is the same, byte for byte, from one keystroke to the next, until the log has grown too long or
the provider's cache is cold anyway; then the file is frozen again.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from typethrough.core.prompt import window
from typethrough.core.prompt.anchor import Anchor, freeze
from typethrough.core.prompt.edit_log import EditLog
from typethrough.core.prompt.message import Message, Prompt
from typethrough.core.prompt.rules import STOP, opening, plain

if TYPE_CHECKING:
    from typethrough.core.context import Context
    from typethrough.core.document import Edit, Snapshot

# A log this much of the anchor, or this long whatever the anchor, costs more per request than freezing again costs once.
_LOG_SHARE = 0.25
_LOG_CHARS = 6_000


class PromptState:
    """What has been sent for one document and must not change: the anchor and the log."""

    def __init__(self, path: str, language_id: str, workspace: str) -> None:
        self._header = f'path="{_attribute(path)}" language="{_attribute(language_id)}"'
        self._opening = opening(_attribute(workspace))
        self._cache_key = hashlib.sha256(f"{workspace}\0{path}".encode()).hexdigest()[:24]
        self._anchor: Anchor | None = None
        self._log = EditLog()
        self._last_build_s = float("-inf")

    def note(self, edit: Edit, before: Snapshot) -> None:
        """An edit was applied to `before`; nothing needs noting before there is an anchor."""
        if self._anchor is not None:
            self._log.note(edit, before)

    def build(
        self,
        context: Context,
        *,
        anchor_chars: int,
        max_output_tokens: int,
        now_s: float,
        cache_ttl_s: float,
    ) -> Prompt:
        """The prompt for a context, freezing the file anew first when that is the cheaper way."""
        shown = window.render(context, self._header)
        self._log.close_outside(context.snapshot, shown.first, shown.last)
        if self._anchor is None or self._stale(self._anchor, context, now_s, cache_ttl_s):
            self._anchor = freeze(
                context.snapshot,
                context.position.line,
                header=self._header,
                max_chars=anchor_chars,
                now_s=now_s,
            )
            self._log = EditLog()
        self._last_build_s = now_s
        stable: tuple[Message, ...] = (*self._opening, self._anchor.message, *self._log.messages)
        return Prompt(
            messages=(*stable, shown.message),
            stable=len(stable),
            stop=STOP,
            max_output_tokens=max_output_tokens,
            cache_key=self._cache_key,
        )

    def _stale(self, anchor: Anchor, context: Context, now_s: float, cache_ttl_s: float) -> bool:
        if self._log.overflowed or self._log.chars > max(_LOG_SHARE * anchor.chars, _LOG_CHARS):
            return True
        if now_s - self._last_build_s > cache_ttl_s:
            return True
        return not anchor.covers(context.position.line)


def _attribute(text: str) -> str:
    """`text` as the value of an attribute: one line, no quotes, bounded."""
    return plain(" ".join(text.replace('"', "'").split())[:200])
