"""Looking for secrets costs what a text is long, whatever the text: four times the text takes about four times as long."""

from __future__ import annotations

import time

import pytest

from typethrough.core.secrets.detector import redacted

# What is quadratic takes sixteen times as long.
_MOST_TIMES = 9
_PIECES = (
    "password=",
    "password='x1y2' ",
    "password=\n",
    "password=(\n",
    "password: |\n  a\n",
    "api_key=",
    "connect",
    "token,",
    "'a1' + ",
    "'a''b'",
    'password="\\"',
    "://a:b1@",
    "bearer ",
    "mysql -x ",
    "password as ",
    "password ",
    "a:5432:",
    "__HIDDEN_x__",
    "-----BEGIN PRIVATE KEY-----\n",
    '"name": "password",\n',
)


def _cpu_s(text: str) -> float:
    taken_s = []
    for _ in range(2):
        start_s = time.process_time()
        redacted(text)
        taken_s.append(time.process_time() - start_s)
    return min(taken_s)


@pytest.mark.parametrize("piece", _PIECES)
def test_a_longer_text_costs_no_more_for_each_of_its_characters(piece: str) -> None:
    count = 600 // len(piece)
    # The smaller one is long enough to be measured.
    while (short_s := _cpu_s(piece * count)) < 0.003:
        count *= 2
    assert _cpu_s(piece * count * 4) < _MOST_TIMES * short_s
