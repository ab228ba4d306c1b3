"""Whether to ask the gateway at all: pauses after refusals, a circuit breaker after failures. Pure; time is handed in.

One object for one endpoint: a changed setting is a new endpoint, and starts with a clean slate.
"""

from __future__ import annotations

import math

from typethrough.engine.ports import (
    CredentialsRejected,
    GatewayError,
    ModelNotFound,
    NothingSaid,
    PaymentRequired,
    RateLimited,
)

FAILURES_TO_OPEN = 3
FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 60.0
LONGEST_RETRY_AFTER_S = 300.0
# Somebody pays a bill or adds a card meanwhile, and no setting of ours changes.
ACCOUNT_PAUSE_S = 300.0
# Somebody has a new token written to its file meanwhile; looking there costs next to nothing.
TOKEN_PAUSE_S = 15.0
RENEWABLE_TOKEN = "renewable_token"
_ACCOUNT_CODES = frozenset({"customer_verification_required", "no_providers_available"})


class Health:
    """Remembers how the last requests went. All times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._reason = ""
        self._blocked_until_s = -math.inf
        self._failures = 0
        self._limits = 0
        self._is_probing = False

    def refusal(self, now_s: float) -> str:
        """Why no request should be sent now, or the empty string. After a pause one request at a time may try."""
        return self._reason if now_s < self._blocked_until_s or self._is_probing else ""

    def started(self) -> None:
        """A request is about to be sent; after a pause it is the probe, and holds back the others until it ends."""
        self._is_probing = bool(self._reason)

    def succeeded(self) -> None:
        """The gateway has answered as it should."""
        self._reason = ""
        self._blocked_until_s = -math.inf
        self._failures = self._limits = 0
        self._is_probing = False

    def abandoned(self) -> None:
        """A request was cancelled before it told anything."""
        self._is_probing = False

    def failed(self, error: GatewayError, now_s: float) -> None:
        """A request ended in `error`."""
        self._is_probing = False
        if isinstance(error, NothingSaid):
            # The gateway works; the next text may well be answered.
            self.succeeded()
        elif isinstance(error, RateLimited):
            self._limits += 1
            asked_s = error.retry_after_s
            pause_s = _pause_s(self._limits) if asked_s is None else min(asked_s, LONGEST_RETRY_AFTER_S)
            # Asked to wait no time at all, we still must not hammer.
            self._block(error, max(pause_s, FIRST_PAUSE_S / 2), now_s)
        elif isinstance(error, PaymentRequired) or (
            isinstance(error, CredentialsRejected) and error.code in _ACCOUNT_CODES
        ):
            self._block(error, ACCOUNT_PAUSE_S, now_s)
        elif isinstance(error, CredentialsRejected) and error.code == RENEWABLE_TOKEN:
            self._block(error, TOKEN_PAUSE_S, now_s)
        elif isinstance(error, CredentialsRejected | ModelNotFound):
            self._block(error, math.inf, now_s)
        else:
            self._failures += 1
            if self._failures >= FAILURES_TO_OPEN:
                self._block(error, _pause_s(self._failures - FAILURES_TO_OPEN + 1), now_s)

    def _block(self, error: GatewayError, pause_s: float, now_s: float) -> None:
        if math.isinf(pause_s):
            hint = "No request is sent until the setting changes."
        else:
            hint = f"Requests pause for {max(1, round(pause_s))} s."
        self._reason = f"{error} {hint}"
        self._blocked_until_s = now_s + pause_s


def _pause_s(times: int) -> float:
    return float(min(FIRST_PAUSE_S * 2 ** min(times - 1, 16), LONGEST_PAUSE_S))
