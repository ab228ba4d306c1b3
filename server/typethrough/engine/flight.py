"""A flight: a stream from a model for one question. It belongs to the document, not to the request that caused it.

When the editor cancels a request, the stream goes on. `StreamEnd` names what closes one. Its text grows in a cache entry, where
later requests find it, finished or not.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from typethrough.core.dressing.characters import Characters
from typethrough.core.dressing.marks import reasoning
from typethrough.core.outcome.causes import StreamEnd
from typethrough.core.outcome.faults import Fault
from typethrough.core.outcome.outcome import Purpose, Usage
from typethrough.core.suggestion.cache import Entry
from typethrough.core.suggestion.menu import continued
from typethrough.core.suggestion.trail import LONGEST_CHARS, Trail, fits, follow, typed_between
from typethrough.core.suggestion.white_space import respaced
from typethrough.engine.ports import GatewayError, NothingSaid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typethrough.core.asking.hand import Spot
    from typethrough.core.document.document import Edit, Position, Snapshot
    from typethrough.core.document.view import View
    from typethrough.core.prompt.message import Prompt
    from typethrough.engine.ports import Clock, Gateway, OnCounted, Race

# How many lines are kept beyond those that the request needs. They may become cache hits, but each costs output tokens.
_MAX_LINES = 12
_MAX_CHARS = 1_600


class Flight:
    """One stream from a model, and what is known of its answer."""

    def __init__(
        self,
        view: View,
        purpose: Purpose,
        clock: Clock,
        on_text: Callable[[Flight], None],
        on_end: Callable[[Flight], None],
    ) -> None:
        self.view = view
        self.purpose = purpose
        self.entry = Entry(view.base, assumed=view.assumed)
        origin = view.base.position
        self.trail = Trail(origin, origin)
        self.started_s = clock.now()
        # Whether the model runs on this machine.
        self.is_local = False
        self.ttft_ms: float | None = None
        # When the first line end of the answer came.
        self.first_line_s: float | None = None
        self.error: GatewayError | None = None
        # Whether more text may come. Once it is False, `end` says how the stream ended.
        self.open = True
        self.end = StreamEnd.COMPLETE
        self.usage = Usage()
        self.race: Race | None = None
        # The spot where the question was asked, and whether the user typed on before text came.
        self.spot: Spot | None = None
        self.strays = 0
        self.typed_before = False
        self._clock = clock
        self._on_text = on_text
        self._on_end = on_end
        self._characters = Characters(view)
        self._raw: list[str] = []
        self._chars = 0
        self._line_breaks = 0
        self._prompt: Prompt | None = None
        self._cleaned = True
        self._verified_up_to: Position | None = origin
        self._task: asyncio.Task[None] | None = None
        # The text before the origin, if its blanks have changed since the question.
        self.now: str | None = None

    def start(self, gateway: Gateway, prompt: Prompt, on_counted: OnCounted | None = None) -> None:
        """Send the prompt. `on_text` and `on_end` are called as it goes on; for `on_counted` see `Gateway.stream`."""
        self._prompt = prompt
        self._task = asyncio.ensure_future(self._run(self.race or gateway, prompt, on_counted))
        # Prepare in the turn after the question is sent, while we wait for the answer anyway.
        asyncio.get_running_loop().call_soon(self._prepare)

    def _prepare(self) -> None:
        self.view.prepare()
        if self.view.syntax is not None:
            self._go_on(self.view.syntax.reading(self.view))

    def _go_on(self, reading: Iterator[None]) -> None:
        """Parse a piece of the document now, and the next piece in a later turn of the loop, so that a key never waits long."""
        if self.open and next(reading, self) is not self:
            asyncio.get_running_loop().call_soon(self._go_on, reading)

    @property
    def kept_back(self) -> int:
        """How many secrets were hidden in its prompt."""
        return len(self._prompt.kept_back) if self._prompt is not None else 0

    def wanted_until(self, deadline_s: float) -> None:
        """A request waits for the answer until this time."""
        if self.race is not None:
            self.race.wanted_until(deadline_s)

    def close(self, end: StreamEnd) -> None:
        """Close the stream now. `end` is the reason."""
        if self.open:
            self._finish(end)
            if self._task is not None:
                self._task.cancel()

    async def closed(self) -> None:
        """After `close`, wait until the connection is closed."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    def follow(self, edit: Edit, snapshot: Snapshot) -> bool:
        """Follow an edit. Returns False if the answer, as far as it is known, no longer fits."""
        if self.ttft_ms is None:
            self.typed_before = True
        self.clean()
        trail = follow(self.trail, edit, snapshot, self.text, growing=self.open)
        if trail is None:
            return self._indented(edit, snapshot) or self._respaced(edit, snapshot)
        self.trail = trail
        return True

    @property
    def text(self) -> str:
        """The answer from the trail's origin on, fitted to the blanks that stand before it now."""
        if self.now is None:
            return self.entry.text
        return respaced(self.entry.text, self.entry.line_prefix, self.now, self.view.base) or ""

    def _respaced(self, edit: Edit, snapshot: Snapshot) -> bool:
        """Follow blanks that were inserted or removed directly before an answer of which nothing was typed.

        Returns False for any other edit, or if the answer no longer fits.
        """
        origin, end = self.trail
        is_here = edit.start.line == edit.end.line == edit.new_end.line == origin.line and edit.end == origin
        if origin != end or not is_here or edit.removed.strip(" \t") or edit.inserted.strip(" \t"):
            return False
        return self._use_blanks(edit.new_end, snapshot)

    def _use_blanks(self, origin: Position, snapshot: Snapshot) -> bool:
        now = snapshot.part(origin.line, 0, origin.column)
        if respaced(self.entry.text, self.entry.line_prefix, now, self.view.base) is None:
            return False
        self.now = now
        self.trail = Trail(origin, origin)
        self._verified_up_to = origin if self.entry.text else None
        return True

    def _indented(self, edit: Edit, snapshot: Snapshot) -> bool:
        """Follow an Enter after which the editor inserted another indentation than the answer has. The user may still remove
        it.
        """
        if "\n" not in edit.inserted or edit.inserted.strip():
            return False
        if not _fits_but_for_level(
            typed_between(snapshot, self.trail.origin, edit.new_end), self.text, self.open
        ):
            return False
        self.trail = Trail(self.trail.origin, edit.new_end)
        return True

    @property
    def received_chars(self) -> int:
        """How many characters have arrived."""
        return self._chars

    @property
    def has_line_break(self) -> bool:
        """Whether a line break has arrived."""
        return self._line_breaks > 0

    @property
    def unverified(self) -> bool:
        """Whether the user typed more than the text has reached, so that it may still turn out not to fit."""
        return self._verified_up_to != self.trail.end

    def still_fits(self, snapshot: Snapshot) -> bool:
        """Whether the text that has arrived fits what the user typed meanwhile."""
        self.clean()
        text, typed = self.text, typed_between(snapshot, *self.trail)
        if len(text) >= len(typed):
            self._verified_up_to = self.trail.end
        if fits(typed, text, growing=self.open) or _fits_but_for_level(typed, text, self.open):
            return True
        return not typed.strip(" \t") and self._use_blanks(self.trail.end, snapshot)

    def clean(self) -> None:
        """Update the entry with all text that has arrived. This is done only when somebody needs the text."""
        if not self._cleaned:
            self._cleaned = True
            self.entry.text = continued(self._answer(), self.view)

    def _answer(self, *, whole: bool = False) -> str:
        """The text that has arrived, with the user's secrets put back."""
        text = "".join(self._raw)
        return text if self._prompt is None else self._prompt.restored(text, growing=not whole)

    @property
    def age_ms(self) -> float:
        """The time since the question was asked."""
        return (self._clock.now() - self.started_s) * 1_000

    def long_enough(self) -> bool:
        """Whether enough text has arrived, so that no more of it will be kept."""
        if len(self._raw) % 8 or (self._line_breaks <= _MAX_LINES and self._chars <= _MAX_CHARS):
            return False
        # While a model reasons, nothing of its answer has come.
        self.clean()
        return bool(self.entry.text) or self._chars > LONGEST_CHARS

    def _received(self, piece: str) -> None:
        if not self.open:
            return
        if self.ttft_ms is None:
            self.ttft_ms = (self._clock.now() - self.started_s) * 1_000
        self._take(self._characters.feed(piece))
        if self.first_line_s is None and self._line_breaks:
            self.first_line_s = self._clock.now()
        self._on_text(self)

    def _take(self, piece: str) -> None:
        self._raw.append(piece)
        self._chars += len(piece)
        self._line_breaks += piece.count("\n")
        self._cleaned = False

    async def _run(self, gateway: Gateway | Race, prompt: Prompt, on_counted: OnCounted | None) -> None:
        try:
            end = await gateway.stream(prompt, self._received, on_counted)
        except GatewayError as error:
            self.error = error
            self._finish(error.end)
        except Exception as error:
            # This is a boundary: whatever a gateway raises, the waiting request must end.
            self.error = GatewayError(Fault.BROKEN.says(kind=type(error).__name__))
            self._finish(StreamEnd.BROKEN)
        else:
            self.usage = end.usage
            if self._has_only_reasoned():
                # This is not an empty answer: the tokens were used for reasoning, and the text may come next time.
                self.error = NothingSaid(Fault.ONLY_REASONED.told, fault=Fault.ONLY_REASONED)
                self._finish(self.error.end)
                return
            # At `max_tokens` the text may end in mid-line, as in a stream that we close.
            is_cut = end.finish_reason == "length"
            self._finish(StreamEnd.LENGTH if is_cut else StreamEnd.COMPLETE)

    def _has_only_reasoned(self) -> bool:
        text = "".join(self._raw)
        length = reasoning(text, self.view, done=True)
        return bool(length) and not text[length:].strip()

    def _finish(self, end: StreamEnd) -> None:
        """Finish the entry. A stream that was cut off ends in mid-line, so only its complete lines are kept."""
        if not self.open:
            return
        self.open, self.end = False, end
        self._take(self._characters.end())
        whole = end is StreamEnd.COMPLETE and self.received_chars <= LONGEST_CHARS
        if whole:
            self.entry.text = continued(self._answer(whole=True), self.view, complete=True)
        else:
            self.clean()
            self.entry.text = self.entry.text[: self.entry.text.rfind("\n") + 1].rstrip("\n")
        self.entry.complete = True
        self.entry.ended = whole
        self._cleaned = True
        self._on_end(self)


def _fits_but_for_level(typed: str, text: str, growing: bool) -> bool:
    """Whether the typed text fits except for the indentation of its last line, which is otherwise still empty."""
    above, break_, line = typed.rpartition("\n")
    return bool(break_) and not line.strip() and fits(above + break_, text, growing=growing)
