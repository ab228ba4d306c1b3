"""Decides whether to ask the gateway: pauses after refusals, a circuit breaker after failures. Pure; time is passed in.

The fault's `Again` says how long a pause is. A changed setting makes a new endpoint without history. No pause is for
ever, because most problems are fixed where we cannot see it.
"""

from __future__ import annotations

import math

from typethrough.core.outcome.again import Again
from typethrough.engine.ports import GatewayError, RateLimited

FAILURES_TO_OPEN = 3
FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 60.0
LONGEST_RETRY_AFTER_S = 300.0
# Somebody fixes the problem: in seconds if he is at work on it, else some time today.
FIRST_PATIENCE_S = 3.0
LONGEST_PATIENCE_S = 300.0
# When the user moves through windows quickly, each of them gets the focus.
_BETWEEN_TRIES_S = 1.0


class Health:
    """Remembers how the last requests went. All times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._reason = ""
        self._again = Again.NEXT
        self._blocked_until_s = -math.inf
        self._failed_s = -math.inf
        self._failures = 0
        self._limits = 0
        self._refusals = 0
        self._is_probing = False

    def refusal(self, now_s: float) -> str:
        """Why no request should be sent now, or the empty string. After a pause, one request at a time may try."""
        return self._reason if now_s < self._blocked_until_s or self._is_probing else ""

    def started(self) -> None:
        """A request is about to be sent. After a pause it is a probe, and others wait until it ends."""
        self._is_probing = bool(self._reason)

    def succeeded(self, now_s: float) -> None:
        """The gateway has answered correctly.

        An answer that comes during a pause was asked for before it. It does not end a pause that the gateway asked for.
        """
        if self._again is Again.AS_ASKED and now_s < self._blocked_until_s:
            return
        self._reason = ""
        self._blocked_until_s = -math.inf
        self._failures = self._limits = self._refusals = 0
        self._is_probing = False

    def abandoned(self) -> None:
        """A request was cancelled before it showed anything."""
        self._is_probing = False

    def try_again(self, now_s: float) -> None:
        """The problem may be fixed. Let the next request try, unless the gateway itself asked for the pause."""
        if self._again is not Again.AS_ASKED and now_s - self._failed_s >= _BETWEEN_TRIES_S:
            self._blocked_until_s = -math.inf

    def failed(self, error: GatewayError, now_s: float) -> None:
        """A request has ended with `error`."""
        self._is_probing = False
        self._failed_s = now_s
        match error.fault.again:
            case Again.NEXT:
                # The gateway works, and the next text may be answered.
                self.succeeded(now_s)
            case Again.AS_ASKED:
                self._limits += 1
                asked_s = error.retry_after_s if isinstance(error, RateLimited) else None
                pause_s = _pause_s(self._limits) if asked_s is None else min(asked_s, LONGEST_RETRY_AFTER_S)
                # If the gateway asks for no pause at all, still do not flood it.
                self._block(error, max(pause_s, FIRST_PAUSE_S / 2), now_s)
            case Again.PATIENT:
                self._refusals += 1
                self._block(error, _patience_s(self._refusals), now_s)
            case _:
                self._failures += 1
                if self._reason:
                    self._reason = str(error)
                if self._failures >= FAILURES_TO_OPEN:
                    self._block(error, _pause_s(self._failures - FAILURES_TO_OPEN + 1), now_s)

    def _block(self, error: GatewayError, pause_s: float, now_s: float) -> None:
        if now_s + pause_s < self._blocked_until_s:
            # The failure of an older request does not shorten the pause.
            return
        self._again = error.fault.again
        self._reason = f"{error} Asked again in {max(1, round(pause_s))} s."
        self._blocked_until_s = now_s + pause_s


def _pause_s(times: int) -> float:
    return float(min(FIRST_PAUSE_S * 2 ** min(times - 1, 16), LONGEST_PAUSE_S))


def _patience_s(times: int) -> float:
    return float(min(FIRST_PATIENCE_S * 2 ** min(times - 1, 16), LONGEST_PATIENCE_S))
