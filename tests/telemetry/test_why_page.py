"""The last outcomes as a page: what the lines say, and names as text."""

from __future__ import annotations

from tests.telemetry.test_report import Page
from typethrough.core.outcome.history import KeptOutcome
from typethrough.core.outcome.outcome import Ending
from typethrough.telemetry.page.why import why_page

LATE = KeptOutcome(
    "2026-11-24T10:11:12+01:00",
    "src/<b>.py\x1b",
    Ending.DEADLINE,
    "no answer within the budget",
    stages_ms={"asked": 31.5, "first_text": 700.0, "total": 880.0},
)


def test_a_request_has_its_reason_and_what_to_do_about_it() -> None:
    parsed = Page(why_page([LATE]))
    text = "".join(parsed.text)
    assert parsed.count("tr") == 2
    assert parsed.count("b") == parsed.count("script") == 0
    for words in (
        "10:11:12",
        "src/<b>.py\N{REPLACEMENT CHARACTER}",
        "nothing: no answer within",
        "Lower `context_tokens`",
    ):
        assert words in text
    assert "880.0 ms" in text
    assert "asked 31.5, first text 700.0" in text


def test_with_no_request_it_says_so() -> None:
    assert "No request yet" in "".join(Page(why_page([])).text)
