"""What the gateway served and what the server has on record are the same, to the token and the dollar."""

from __future__ import annotations

import pytest

from tests.bench.accounts import accounts, compare
from tests.support.record import KeptStream

# Estimated from characters, at a ratio that the streams read to their end have taught.
_ESTIMATE_ERROR = 0.25


@pytest.mark.parametrize(("seed", "style"), [(1, "vercel"), (5, "openai")])
def test_after_a_session_both_accounts_agree(seed: int, style: str) -> None:
    found = accounts(seed, strokes=120, style=style)
    assert found.agree, found.table()
    assert found.server.streams >= 2
    assert found.server.cached_tokens > 0
    assert found.closed_server.streams > 0
    assert found.estimate_error < _ESTIMATE_ERROR, found.table()
    # The simulated vendor has announced the model's end, and the user is told once.
    assert len(found.messages) <= 1
    assert all("ends it on" in message for message in found.messages)
    assert found.problems == []


def _row(prompt: int, cached: int, output: int, text: str = "") -> dict[str, object]:
    return {"prompt_tokens": prompt, "cached_tokens": cached, "output_tokens": output, "text": text}


def _kept(prompt: int, cached: int, output: int, dollars: float, ending: str = "complete") -> KeptStream:
    return KeptStream(ending, prompt, cached, output, dollars)


@pytest.mark.parametrize(
    ("rows", "kept", "agree"),
    [
        ([_row(2000, 1024, 10)], [_kept(2000, 1024, 10, 0.0001272)], True),
        ([_row(2000, 1024, 10)], [_kept(2000, 1024, 11, 0.0001276)], False),
        ([_row(2000, 1024, 10)], [_kept(2000, 1024, 10, 0.0001)], False),
        ([_row(2000, 1024, 10)], [], False),
        ([_row(2000, 1024, 10)] * 2, [_kept(2000, 1024, 10, 0.0001272)], False),
        ([_row(2000, 1024, 10, "x = 1")], [_kept(1900, 0, 9, 0.0002, "enough")], True),
        ([], [_kept(1900, 0, 9, 0.0002, "diverged")], True),
        ([], [_kept(1900, 0, 9, 0.0002, "length")], False),
    ],
)
def test_a_difference_of_a_token_is_seen(
    rows: list[dict[str, object]], kept: list[KeptStream], *, agree: bool
) -> None:
    assert compare(rows, kept, [], []).agree is agree
