"""What the user is told: a message once per cause, a status when it changes, and never a pop-up per keystroke."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from typethrough.core.outcome.causes import StreamEnd
from typethrough.core.outcome.outcome import Ending

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from typethrough.core.outcome.history import History, KeptOutcome
    from typethrough.core.outcome.outcome import Feedback, Outcome, Spent, StreamRecord
    from typethrough.engine.ports import Recorder
    from typethrough.lsp.status import Status


class Notices:
    """A `Recorder` that passes everything on to another, and tells the client what concerns its user.

    A notice of the same key is shown again only after the gateway has worked in between. `tell` sends a notification.
    """

    def __init__(self, inner: Recorder, tell: Callable[[str, Any], None], status: Status) -> None:
        self._inner = inner
        self._tell = tell
        self._status = status
        self._shown: set[str] = set()

    @property
    def history(self) -> History:
        """The inner recorder's."""
        return self._inner.history

    def request_ended(self, uri: str, outcome: Outcome) -> KeptOutcome | None:
        """Pass on; the status line shows where the last suggestion came from, and how many secrets were kept back."""
        kept = self._inner.request_ended(uri, outcome)
        if kept is not None and kept.ending is Ending.ANSWERED:
            self._status.answered(kept.source, kept.total_ms)
        if kept is not None and "asked" in kept.stages_ms:
            self._status.kept_back(kept.kept_back)
        return kept

    def stream_ended(self, stream: StreamRecord) -> None:
        """Pass on; a stream that ended well makes old causes worth a message again."""
        self._inner.stream_ended(stream)
        self._status.spent(self._inner.today())
        if stream.end is StreamEnd.COMPLETE:
            self._shown.clear()

    def feedback(self, kind: Feedback, suggestion_id: str, chars: int = 0) -> None:
        """Pass on."""
        self._inner.feedback(kind, suggestion_id, chars)

    def survived(self, suggestion_id: str, after_s: float, share: float) -> None:
        """Pass on."""
        self._inner.survived(suggestion_id, after_s, share)

    def today(self) -> Spent:
        """As the other knows it."""
        return self._inner.today()

    def notice(self, key: str, message: str) -> None:
        """Show a message, once per cause."""
        self._inner.notice(key, message)
        if key not in self._shown:
            self._shown.add(key)
            self._warn(message)

    def status(self, kind: str, message: str) -> None:
        """Tell the client's status line, when something changed."""
        self._inner.status(kind, message)
        self._status.lane(kind, message)

    def problems(self, sentences: Iterable[str]) -> None:
        """Show what is wrong with the settings, all of it in one message, each problem once."""
        fresh = [sentence for sentence in sentences if sentence not in self._shown]
        if fresh:
            self._shown.update(fresh)
            self._warn("\n".join(fresh))

    def _warn(self, message: str) -> None:
        shown = types.ShowMessageParams(types.MessageType.Warning, f"typethrough: {message}")
        self._tell(types.WINDOW_SHOW_MESSAGE, shown)
