from __future__ import annotations

import pytest

from typethrough.core.outcome.faults import Fault
from typethrough.engine.ports import (
    CredentialsRejected,
    GatewayError,
    GatewayProtocolError,
    GatewayTimeout,
    GatewayUnavailable,
    ModelNotFound,
    NothingSaid,
    PaymentRequired,
    RateLimited,
)
from typethrough.gateway.health import (
    FIRST_PATIENCE_S,
    LONGEST_PATIENCE_S,
    LONGEST_PAUSE_S,
    LONGEST_RETRY_AFTER_S,
    Health,
)

_DOWN = GatewayUnavailable("It is down.")
_YEAR_S = 31_536_000.0


def _pause_s(health: Health, now_s: float) -> float:
    """How long from now a request would be refused, to a half of a second."""
    halves = next((half for half in range(2 * 400) if not health.refusal(now_s + half / 2)), None)
    return _YEAR_S if halves is None else halves / 2


@pytest.mark.parametrize(
    ("error", "pause_s"),
    [
        (RateLimited("Slow.", retry_after_s=12.0), 12.0),
        (RateLimited("Slow.", retry_after_s=0.0), 1.0),
        (RateLimited("Slow.", retry_after_s=86_400.0), LONGEST_RETRY_AFTER_S),
        (RateLimited("Slow."), 2.0),
        (PaymentRequired("Pay.", status=402), FIRST_PATIENCE_S),
        (CredentialsRejected("Card.", status=403, fault=Fault.CARD_WANTED), FIRST_PATIENCE_S),
        (CredentialsRejected("Wrong.", status=401), FIRST_PATIENCE_S),
        (CredentialsRejected("A page.", status=403, fault=Fault.WEB_PAGE), FIRST_PATIENCE_S),
        (ModelNotFound("Gone.", status=404), FIRST_PATIENCE_S),
        (_DOWN, 0.0),
        (GatewayTimeout("Late."), 0.0),
    ],
)
def test_how_long_one_error_pauses_requests(error: GatewayError, pause_s: float) -> None:
    health = Health()
    assert health.refusal(100.0) == ""
    health.failed(error, 100.0)
    assert _pause_s(health, 100.0) == pause_s
    if pause_s:
        assert str(error) in health.refusal(100.0)


def test_limits_without_a_time_pause_longer_each_time_and_an_answer_forgets_them() -> None:
    health = Health()
    pauses = []
    for _ in range(7):
        health.failed(RateLimited("Slow."), 0.0)
        pauses.append(_pause_s(health, 0.0))
    assert pauses == [2.0, 4.0, 8.0, 16.0, 32.0, LONGEST_PAUSE_S, LONGEST_PAUSE_S]
    health.succeeded(LONGEST_PAUSE_S)
    assert health.refusal(0.0) == ""
    health.failed(RateLimited("Slow."), 0.0)
    assert _pause_s(health, 0.0) == 2.0


def test_failures_in_a_row_open_the_breaker_and_one_answer_between_them_does_not() -> None:
    health = Health()
    for error in (_DOWN, GatewayTimeout("Late."), GatewayProtocolError("Odd.")):
        assert health.refusal(0.0) == ""
        health.failed(error, 0.0)
    assert health.refusal(0.0).startswith("Odd.")
    health.succeeded(0.0)
    for _ in range(2):
        health.failed(_DOWN, 0.0)
        health.failed(_DOWN, 0.0)
        health.succeeded(0.0)
    assert health.refusal(0.0) == ""


def test_what_somebody_must_mend_is_looked_at_in_seconds_then_in_minutes_and_never_given_up() -> None:
    health, now_s, pauses = Health(), 0.0, []
    for _ in range(9):
        health.failed(CredentialsRejected("Wrong.", status=401), now_s)
        pauses.append(_pause_s(health, now_s))
        now_s += pauses[-1]
    assert pauses == [3.0, 6.0, 12.0, 24.0, 48.0, 96.0, 192.0, LONGEST_PATIENCE_S, LONGEST_PATIENCE_S]
    health.started()
    health.succeeded(now_s)
    health.failed(CredentialsRejected("Wrong.", status=401), now_s)
    assert _pause_s(health, now_s) == FIRST_PATIENCE_S


@pytest.mark.parametrize(
    ("error", "after_s", "is_asked"),
    [
        (CredentialsRejected("Wrong.", status=401), 1.0, True),
        (CredentialsRejected("Wrong.", status=401), 0.5, False),
        (RateLimited("Slow.", retry_after_s=60.0), 30.0, False),
        (RateLimited("Slow."), 1.0, False),
    ],
)
def test_who_looks_again_is_not_made_to_wait_unless_the_gateway_asked_for_it(
    error: GatewayError, after_s: float, is_asked: bool
) -> None:
    health = Health()
    health.failed(error, 0.0)
    health.try_again(after_s)
    assert (health.refusal(after_s) == "") is is_asked
    if is_asked:
        # One at a time, and when it fails the pause goes on where it was.
        health.started()
        assert health.refusal(after_s)
        health.failed(error, after_s)
        assert _pause_s(health, after_s) == 2 * FIRST_PATIENCE_S


@pytest.mark.parametrize("later", [None, _DOWN, NothingSaid("Filtered.", fault=Fault.TEXT_FILTERED)])
def test_what_was_asked_before_a_limit_does_not_end_the_pause_the_gateway_asked_for(
    later: GatewayError | None,
) -> None:
    health = Health()
    health.failed(RateLimited("Slow.", retry_after_s=60.0), 0.0)
    if later is None:
        health.succeeded(1.0)
    else:
        for _ in range(3):
            health.failed(later, 1.0)
    health.try_again(10.0)
    assert _pause_s(health, 10.0) == 50.0
    # What is asked after the pause ends it.
    health.started()
    health.succeeded(60.0)
    assert health.refusal(60.0) == ""


def _opened() -> Health:
    health = Health()
    for _ in range(3):
        health.failed(_DOWN, 0.0)
    assert health.refusal(1.9)
    assert not health.refusal(2.0)
    return health


def test_after_the_pause_one_request_tries_and_the_others_wait_for_it() -> None:
    health = _opened()
    health.started()
    assert health.refusal(2.0)
    health.succeeded(2.0)
    assert health.refusal(2.0) == ""
    health.started()
    assert health.refusal(2.0) == ""


def test_a_try_that_fails_pauses_for_longer() -> None:
    health = _opened()
    health.started()
    health.failed(_DOWN, 2.0)
    assert _pause_s(health, 2.0) == 4.0


def test_a_try_that_is_cancelled_lets_the_next_one_try() -> None:
    health = _opened()
    health.started()
    health.abandoned()
    assert health.refusal(2.0) == ""


def test_an_answer_that_was_kept_back_never_pauses_requests() -> None:
    health = Health()
    for _ in range(10):
        health.started()
        health.failed(NothingSaid("The filter."), 0.0)
        assert health.refusal(0.0) == ""
