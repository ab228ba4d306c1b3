"""The client's status line: the model lane's state, whether the document in focus gets suggestions, and today's cost.

The client is told when the state changes. If only figures change, it is told at most once a second. Clients that use Copilot's
messages get Copilot's own notification.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from typethrough.core.outcome.outcome import Spent
    from typethrough.engine.ports import Cancellable, Clock

METHOD = "$/typethrough/status"
"""Notification to the client with {kind, message, last, today, keptBack}. `kind` is ready, busy, local, no_key, rate_limited,
over_limit, error or off. A client may ignore a method whose name begins with `$/` (LSP 3.18, "$ Notifications and Requests").
"""
COPILOT_METHOD = "didChangeStatus"

_FIGURES_EVERY_S = 1.0
# A model that answers faster is not shown as busy: two notifications per request would cost more time than the answer.
_BUSY_AFTER_S = 0.05
_TROUBLE = frozenset({"rate_limited", "over_limit", "error"})


class Status:
    """The present status, and the one sent last. `off_reason` returns why a document gets no suggestions, else an empty
    string.
    """

    def __init__(
        self, tell: Callable[[str, Any], None], clock: Clock, off_reason: Callable[[str], str]
    ) -> None:
        self.copilot = False
        self._tell = tell
        self._clock = clock
        self._off_reason = off_reason
        self._lane = ("", "")
        self._rest = ""
        self._focus = ""
        self._last: tuple[str, float] | None = None
        self._today: Spent | None = None
        self._kept_back = 0
        self._told: tuple[str, str] | None = None
        self._told_s = float("-inf")
        self._waiting = False
        self._busy: Cancellable | None = None

    @property
    def now(self) -> tuple[str, str]:
        """The status kind and sentence for the document in focus."""
        kind, message = self._lane
        if reason := self._off_reason(self._focus):
            return "off", reason
        return kind, message or self._rest

    def lane(self, kind: str, message: str) -> None:
        """Take the model lane's new state. The message of "ready" names the endpoint, and is shown again later when none is
        given.
        """
        if self._busy is not None:
            self._busy.cancel()
            self._busy = None
        if (kind, message) == self._lane:
            # The same state again. But settings may have changed whether the document gets suggestions.
            self.refresh()
            return
        if kind == "ready" and message:
            self._rest = message
        if kind == "busy":
            self._busy = self._clock.call_at(self._clock.now() + _BUSY_AFTER_S, self._is_busy)
            return
        self._lane = (kind, message)
        self.refresh()

    def focus(self, uri: str) -> None:
        """The user looks at another document, or at none if `uri` is empty."""
        self._focus = uri
        self.refresh()

    def answered(self, source: str, latency_ms: float) -> None:
        """A suggestion was given. It is shown as the last one."""
        self._last = (source, latency_ms)
        self._figures_later()

    def kept_back(self, count: int) -> None:
        """The last question to the model left out `count` secrets."""
        if count != self._kept_back:
            self._kept_back = count
            self._figures_later()

    def spent(self, today: Spent) -> None:
        """Set today's cost so far."""
        self._today = today
        self._figures_later()

    def refresh(self) -> None:
        """Tell the client if something other than a figure has changed."""
        if self._lane[0] and self.now != self._told:
            self._send()

    def _is_busy(self) -> None:
        self._busy = None
        self._lane = ("busy", "")
        self.refresh()

    def _figures_later(self) -> None:
        if self._waiting or not self._lane[0]:
            return
        self._waiting = True
        due_s = max(self._clock.now(), self._told_s + _FIGURES_EVERY_S)
        self._clock.call_at(due_s, self._send_figures)

    def _send_figures(self) -> None:
        self._waiting = False
        if not self.copilot:
            self._send()

    def _send(self) -> None:
        self._told, self._told_s = self.now, self._clock.now()
        kind, message = self._told
        if self.copilot:
            self._tell(COPILOT_METHOD, _for_copilot(kind, message))
            return
        last = self._last and {"source": self._last[0], "latencyMs": round(self._last[1], 1)}
        figures = {"last": last, "today": _figures(self._today), "keptBack": self._kept_back}
        self._tell(METHOD, {"kind": kind, "message": message, **figures})


def _figures(today: Spent | None) -> dict[str, float]:
    usage = today.usage if today else None
    return {
        "promptTokens": usage.prompt_tokens if usage else 0,
        "cachedTokens": usage.cached_tokens if usage else 0,
        "outputTokens": usage.output_tokens if usage else 0,
        "dollars": round(today.dollars, 6) if today else 0.0,
    }


def _for_copilot(kind: str, message: str) -> dict[str, Any]:
    # Some clients show each message as a pop-up, so a status without trouble has no message. A missing key is not trouble.
    if kind == "off":
        return {"busy": False, "kind": "Inactive", "message": message}
    trouble = kind in _TROUBLE
    return {
        "busy": kind == "busy",
        "kind": "Warning" if trouble else "Normal",
        "message": message if trouble else "",
    }
