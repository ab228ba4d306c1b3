"""The whole prompt of one document, from the most to the least stable part: rules, other files, anchor, edit log, window.

From one keystroke to the next, everything before the window is byte-identical, except that the log may grow. This ends when the
file is frozen again; `economist` decides when that is worth its price.
"""

from __future__ import annotations

import hashlib
from itertools import zip_longest
from typing import TYPE_CHECKING

from typethrough.core.codebase.codebase import IDENTIFIER, Codebase
from typethrough.core.prompt import fill_in, window
from typethrough.core.prompt.anchor import Anchor, excerpt, freeze
from typethrough.core.prompt.economist import Lease, Shards
from typethrough.core.prompt.edit_log import EditLog
from typethrough.core.prompt.message import Message, Unsealed
from typethrough.core.prompt.related import Glossary, Related
from typethrough.core.prompt.rules import STOP, attribute, opening
from typethrough.core.remembered import remembered
from typethrough.core.secrets.vault import Vault
from typethrough.core.secrets.veil import Veil, VeiledView

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from typethrough.core.document.document import Edit, Snapshot
    from typethrough.core.document.view import View
    from typethrough.core.gate.gate import KeepPermit, SendPermit
    from typethrough.core.models import FimMarks
    from typethrough.core.outline.definition import Definition
    from typethrough.core.prompt.economist import Terms
    from typethrough.core.prompt.message import Prompt
    from typethrough.core.prompt.window import Window

# A log longer than this share of the anchor, and longer than this many characters, is too much for a small model to apply.
_LOG_SHARE = 0.25
_LOG_CHARS = 6_000
# If the last request is not older than this, the user is typing. A prompt that is not in the cache would answer too late.
_BURST_S = 4.0
# The file comes first. Other files get what it leaves of the context, up to this share.
_RELATED_SHARE = 0.5
_LEAST_RELATED_SHARE = 0.4
_MOST_RELATED_SHARE = 0.7
# When the cursor is in a part of a large file that the anchor does not cover, an excerpt of this length is added to the log.
# A file is large for this when its anchor is at least this many times as long as an excerpt.
_EXCERPT_CHARS = 4_000
_EXCERPTS_PAY = 4
_STAYS_LINES = 20


class PromptState:
    """What was sent for one document and must not change: the anchor and the log.

    `related` (other files) and `outline` (this file) hold what is known now. They are used when the file is frozen the next
    time. This object holds text of the document, so it needs a permit to keep it. The permit's name is the document's path
    in prompts and in `codebase`.
    """

    def __init__(
        self, permit: KeepPermit, language_id: str, workspace: str, codebase: Codebase | None = None
    ) -> None:
        path = permit.name
        self.permit = permit
        self.related = Related()
        self.outline: Sequence[Definition] = ()
        self.reason = ""
        self._header = f'path="{attribute(path)}" language="{attribute(language_id)}"'
        self._path = attribute(path)
        self._workspace = attribute(workspace)
        self._opening = opening(self._workspace)
        self._shards = Shards(hashlib.sha256(f"{workspace}\0{path}".encode()).hexdigest()[:24])
        self._glossary = Glossary(codebase or Codebase(), path)
        self._anchor: Anchor | None = None
        self._frozen_related: Related = Related()
        self._head: tuple[Message, ...] = ()
        self._log = EditLog()
        self._lease = Lease()
        self._vault = Vault()
        self._excerpts: list[range] = []
        self._elsewhere = -_STAYS_LINES - 1
        self._first_changed = 0
        self._frozen_chars = 0
        self._frozen_limit_tokens = 0
        self._last_build_s = float("-inf")

    def forget(self) -> None:
        """Drop everything about other files. The next prompt is built from the start, without them."""
        self.related = self._frozen_related = Related()
        self._anchor = None
        self._log = EditLog()

    def related_chars(self, snapshot: Snapshot, context_chars: int) -> int:
        """How many characters are free for other files."""
        left = context_chars - snapshot.char_count
        return int(max(_LEAST_RELATED_SHARE * context_chars, min(left, _RELATED_SHARE * context_chars)))

    def note(self, edit: Edit, before: Snapshot) -> None:
        """Note an edit; `before` is the text before it. Without an anchor there is nothing to note."""
        if self._anchor is not None:
            self._log.note(edit, Veil(before, self._vault))
            self._first_changed = min(self._first_changed, edit.first_line)
            if self._log.chars > self._most_log_chars():
                # Without this, the log would grow for hours if no prompt is built, as when the gateway is down.
                self._log.give_up()

    def build(self, permit: SendPermit, view: View, terms: Terms, now_s: float) -> Prompt:
        """Build the prompt for a view, and freeze the file again first when that is cheaper. `reason` then says why.

        The prompt is built from the document without its secrets, then sealed. Raises NotPermitted when the permit is for
        another document, or when the permit to keep the text has ended.
        """
        permit.check(view.uri)
        self.permit.check(view.uri)
        if self._vault.use(hides=terms.hides_secrets):
            self._anchor = None
        veiled = VeiledView.of(view, self._vault)
        fim = terms.profile.fim
        unsealed = (
            self._laid_out(veiled, terms, now_s)
            if fim is None
            else self._filled_in(veiled, terms, fim, now_s)
        )
        return self._vault.seal(unsealed)

    def _laid_out(self, view: VeiledView, terms: Terms, now_s: float) -> Unsealed:
        """The prompt for a chat model."""
        profile = terms.profile
        shown = window.render(view, self._header)
        self._log.close_outside(view.snapshot, shown.first, shown.last)
        self.reason = self._reason(view, terms, now_s)
        if self.reason:
            self._freeze(view, terms, now_s)
        self._show_elsewhere(view)
        if self._log.chars < self._most_log_chars() // 2:
            self._log.add(self._glossary.explain(_names(view, shown)))
        self._lease.pay(profile, self._log.chars)
        self._last_build_s = now_s
        stable: tuple[Message, ...] = (*self._head, *self._log.messages)
        return Unsealed(
            messages=(*stable, shown.message),
            stable=len(stable),
            stop=STOP,
            max_output_tokens=terms.max_output_tokens,
            cache_key=self._shards.take(now_s) if profile.sends_cache_key else "",
        )

    def _filled_in(self, view: VeiledView, terms: Terms, marks: FimMarks, now_s: float) -> Unsealed:
        """The prompt in the form of a fill-in-the-middle model. Only the other files are frozen."""
        pause_s = now_s - self._last_build_s
        if self.is_cold(terms, now_s) or (
            pause_s > _BURST_S and self.related.differs_from(self._frozen_related)
        ):
            self._frozen_related = self.related
        self._frozen_related = _fitting(self._frozen_related, terms)
        self._last_build_s = now_s
        return fill_in.build(view, terms, marks, self._frozen_related, self._path, self._workspace)

    def is_cold(self, terms: Terms, now_s: float) -> bool:
        """Whether the provider's cache has dropped the last prompt. Time alone decides: the same anchor serves all models."""
        return now_s - self._last_build_s > terms.profile.cache_ttl_s

    def _reason(self, view: VeiledView, terms: Terms, now_s: float) -> str:
        """Why the file must be frozen again now, or the empty string."""
        anchor, log = self._anchor, self._log
        if anchor is None:
            return "first"
        if self.is_cold(terms, now_s):
            return "the cache is cold"
        if terms.limit_tokens < self._frozen_limit_tokens and terms.context_chars < self._frozen_chars:
            return "the model's context is shorter"
        if log.overflowed or log.chars > self._most_log_chars():
            return "the log is long"
        if not anchor.covers(view.position.line) and anchor.chars < _EXCERPTS_PAY * _EXCERPT_CHARS:
            return "the cursor is elsewhere"
        if now_s - self._last_build_s < _BURST_S:
            return ""
        if not self._frozen_related.files and self.related.files and _fits(self.related, terms):
            return "other files are known now"
        if self._lease.is_up(terms.profile, anchor.chars_from(self._first_changed) * self._shards.busy):
            return "the log has cost as much"
        return ""

    def _most_log_chars(self) -> int:
        return max(int(_LOG_SHARE * self._anchor.chars) if self._anchor is not None else 0, _LOG_CHARS)

    def _show_elsewhere(self, view: VeiledView) -> None:
        """When the cursor stays outside the anchor, add an excerpt of that place. It is much shorter than a new anchor."""
        line, anchor = view.position.line, self._anchor
        if anchor is None or anchor.covers(line) or any(line in lines for lines in self._excerpts):
            return
        stays = abs(line - self._elsewhere) <= _STAYS_LINES
        self._elsewhere = line
        if not stays:
            return
        # Close the open hunk, because the excerpt already contains its change.
        self._log.close(view.snapshot)
        message, first, last = excerpt(view.snapshot, line, header=self._header, max_chars=_EXCERPT_CHARS)
        self._log.add([message])
        self._excerpts.append(range(max(0, first - _STAYS_LINES), last + _STAYS_LINES))

    def _freeze(self, view: VeiledView, terms: Terms, now_s: float) -> None:
        self._vault.begin()
        if self.is_cold(terms, now_s) or self.related.differs_from(self._frozen_related):
            self._frozen_related = self.related
        self._frozen_related = related = _fitting(self._frozen_related, terms)
        self._frozen_chars, self._frozen_limit_tokens = terms.context_chars, terms.limit_tokens
        text = related.text
        self._anchor = freeze(
            view.snapshot,
            view.position.line,
            header=self._header,
            max_chars=max(terms.context_chars - len(text), terms.context_chars // 2),
            now_s=now_s,
            outline=self.outline,
        )
        others = (Message("user", text),) if text else ()
        self._head = (*self._opening, *others, self._anchor.message)
        self._log, self._lease, self._excerpts = EditLog(), Lease(), []
        self._first_changed = view.snapshot.line_count
        self._glossary.begin(related.shown)


def _fits(related: Related, terms: Terms) -> bool:
    """Whether the other files still leave enough room for this file. They may have been chosen for a larger context."""
    return sum(len(text) for _, text in related.files) <= _MOST_RELATED_SHARE * terms.context_chars


def _fitting(related: Related, terms: Terms) -> Related:
    return related if _fits(related, terms) else Related()


def _names(view: VeiledView, shown: Window) -> Iterable[str]:
    """The identifiers of the window, nearest to the cursor first, without the one at the cursor, which may be half typed."""
    seen = dict.fromkeys(_words_apart(view.line_prefix, view.line_suffix))
    for above, below in zip_longest(reversed(shown.above), shown.below, fillvalue=""):
        seen.update(_identifiers(above))
        seen.update(_identifiers(below))
    return seen


@remembered(256)
def _identifiers(line: str) -> dict[str, None]:
    # Most lines of a window are the same in the next request, so their identifiers are cached.
    return dict.fromkeys(IDENTIFIER.findall(line))


def _words_apart(prefix: str, suffix: str) -> list[str]:
    before, after = IDENTIFIER.findall(prefix[-400:]), IDENTIFIER.findall(suffix[:400])
    if before and prefix.endswith(before[-1]):
        before.pop()
        if after and suffix.startswith(after[0]):
            after.pop(0)
    return [*reversed(before), *after]
