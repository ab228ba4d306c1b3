"""When a gateway is asked again after a fault, with the words for the table of faults."""

from __future__ import annotations

from enum import Enum


class Again(Enum):
    """When the gateway is asked again after a fault, and what is sent until then, both as texts for the page of faults."""

    NEXT = "with the next question", "every question"
    AT_ONCE = "at once, in the same request", "the same question, changed so that it is taken"
    BREAKER = (
        "with the next question; from the third failure in a row after 2 s, then twice as long, up to a minute, or on focus",
        "every question; from the third failure in a row one at a time",
    )
    AS_ASKED = (
        "when the gateway says, within 5 minutes; else after 2 s, then twice as long each time, up to a minute",
        "nothing until then, then one question first",
    )
    PATIENT = (
        "after 3 s, then twice as long each time, up to 5 minutes; at once on focus, with a new key, after a restart",
        "nothing until then, then one question first",
    )
    SETTING = "when the setting has changed", "nothing"
    TOMORROW = "after midnight, or when the setting has changed", "nothing"

    def __init__(self, when: str, sent: str) -> None:
        self.when = when
        self.sent = sent
