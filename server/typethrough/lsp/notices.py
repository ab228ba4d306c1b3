"""What the user is shown: a message once per cause, a status when it changes. Never a pop-up at each keystroke."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from typethrough.core.outcome.history import History
    from typethrough.core.outcome.outcome import Feedback, Outcome, Spent, StreamRecord
    from typethrough.engine.ports import Clock, Recorder
    from typethrough.lsp.status import Status

# A message of the same key is repeated only after it did not occur for this long, and so long after it was last shown.
_TOLD_AGAIN_S = 3_600.0
_AWAY_S = 600.0
# Not longer than the recorder itself waits before it writes.
_TOGETHER_S = 1.0


class Notices:
    """A `Recorder` that passes everything on to another one, and shows the client what concerns the user.

    A notice with the same key is shown at most once an hour, and only if it did not occur for some time before. `tell` sends a
    notification. Ended requests are collected and passed on together: recording one at each key would make the next key's
    processing four times as long.
    """

    def __init__(
        self, inner: Recorder, tell: Callable[[str, Any], None], status: Status, clock: Clock
    ) -> None:
        self._inner = inner
        self._clock = clock
        self._ended: list[tuple[str, Outcome]] = []
        self._tell = tell
        self._status = status
        self._shown: set[str] = set()
        # Called when the model lane's state changes, with its kind, such as "error" or "ready".
        self.on_lane: Callable[[str], None] = lambda _: None
        # For each key: when the notice was shown last, and when it occurred last.
        self._told_s: dict[str, tuple[float, float]] = {}

    @property
    def history(self) -> History:
        """The inner recorder's."""
        self.pass_on()
        return self._inner.history

    def request_ended(self, uri: str, outcome: Outcome) -> None:
        """Pass it on soon. Update the status line: the suggestion's source and time, and how many secrets were kept back."""
        if not self._ended:
            self._clock.call_at(self._clock.now() + _TOGETHER_S, self.pass_on)
        self._ended.append((uri, outcome))
        if outcome.source is not None:
            self._status.answered(outcome.source.value, outcome.total_ms)
        if "asked" in outcome.stages_ms:
            self._status.kept_back(outcome.kept_back)

    def pass_on(self) -> None:
        """Pass on the requests that have ended."""
        ended, self._ended = self._ended, []
        for uri, outcome in ended:
            self._inner.request_ended(uri, outcome)

    def stream_ended(self, stream: StreamRecord) -> None:
        """Pass it on, and update today's cost in the status line."""
        self.pass_on()
        self._inner.stream_ended(stream)
        self._status.spent(self._inner.today())

    def feedback(self, kind: Feedback, suggestion_id: str, chars: int = 0) -> None:
        """Pass it on."""
        self.pass_on()
        self._inner.feedback(kind, suggestion_id, chars)

    def survived(self, suggestion_id: str, after_s: float, share: float) -> None:
        """Pass it on."""
        self.pass_on()
        self._inner.survived(suggestion_id, after_s, share)

    def today(self) -> Spent:
        """What today has cost, from the inner recorder."""
        return self._inner.today()

    def notice(self, key: str, message: str, *, is_good: bool = False) -> None:
        """Show a message, unless one with the same key was shown recently."""
        self._inner.notice(key, message, is_good=is_good)
        now_s = self._clock.now()
        told_s, came_s = self._told_s.get(key, (-math.inf, -math.inf))
        is_news = now_s - told_s >= _TOLD_AGAIN_S and now_s - came_s >= _AWAY_S
        self._told_s[key] = (now_s if is_news else told_s, now_s)
        if is_news:
            self._show(message, types.MessageType.Info if is_good else types.MessageType.Warning)

    def forget(self) -> None:
        """Forget which notices were shown. The user has changed something, so one that comes again is news."""
        self._told_s.clear()

    def status(self, kind: str, message: str) -> None:
        """Pass it on, and update the client's status line."""
        self._inner.status(kind, message)
        self._status.lane(kind, message)
        self.on_lane(kind)

    def problems(self, sentences: Iterable[str]) -> None:
        """Show the problems of the settings in one message. Each problem is shown only once."""
        fresh = [sentence for sentence in sentences if sentence not in self._shown]
        if fresh:
            self._shown.update(fresh)
            self._show("\n".join(fresh), types.MessageType.Warning)

    def _show(self, message: str, kind: types.MessageType) -> None:
        # VS Code makes a link, even one that runs a command, of `[words](address)`. A message may quote a gateway's words.
        shown = types.ShowMessageParams(kind, f"typethrough: {message}".replace("](", "] ("))
        self._tell(types.WINDOW_SHOW_MESSAGE, shown)
