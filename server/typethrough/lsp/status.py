"""The client's status line: what the model lane does, whether there are suggestions in the document in focus, and today's cost.

Told when it changes; figures alone at most once a second. Clients that speak Copilot's dialect get its own notification.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from typethrough.core.outcome.outcome import Spent
    from typethrough.engine.ports import Cancellable, Clock

METHOD = "$/typethrough/status"
"""Notification to the client: {kind, message, last, today, keptBack}; a method that begins with `$/` may be passed over by
clients that do not know it (LSP 3.18, "$ Notifications and Requests"). `kind`: ready, busy, local, no_key, rate_limited,
over_limit, error, off.
"""
COPILOT_METHOD = "didChangeStatus"

_FIGURES_EVERY_S = 1.0
# A model that answers sooner is not shown as busy: two notifications a request cost more than the answer itself.
_BUSY_AFTER_S = 0.05
_TROUBLE = frozenset({"rate_limited", "over_limit", "error"})


class Status:
    """What the client was told last, and what is so now. `off_reason` says why there are no suggestions in a document."""

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
        """The kind and the sentence that hold for the document in focus."""
        kind, message = self._lane
        if reason := self._off_reason(self._focus):
            return "off", reason
        return kind, message or self._rest

    def lane(self, kind: str, message: str) -> None:
        """The model lane has changed its state. The sentence of being ready says which endpoint it is, and holds from then on."""
        if self._busy is not None:
            self._busy.cancel()
            self._busy = None
        if (kind, message) == self._lane:
            # As after each stream that ended well before it was told of; and after settings that switched suggestions on again.
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
        """The user looks at another document, or, empty, at none."""
        self._focus = uri
        self.refresh()

    def answered(self, source: str, latency_ms: float) -> None:
        """A suggestion was given out."""
        self._last = (source, latency_ms)
        self._figures_later()

    def kept_back(self, count: int) -> None:
        """So many secrets were kept from the model when it was asked last."""
        if count != self._kept_back:
            self._kept_back = count
            self._figures_later()

    def spent(self, today: Spent) -> None:
        """What today cost so far."""
        self._today = today
        self._figures_later()

    def refresh(self) -> None:
        """Tell the client when something other than a figure has changed."""
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
    # Some clients pop up each message, so a state in which all is well, which having no key is here, has none.
    if kind == "off":
        return {"busy": False, "kind": "Inactive", "message": message}
    trouble = kind in _TROUBLE
    return {
        "busy": kind == "busy",
        "kind": "Warning" if trouble else "Normal",
        "message": message if trouble else "",
    }
