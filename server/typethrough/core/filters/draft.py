"""What filters speak of: a draft, a refusal, and what counts as significant. Knows no filter."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from typethrough.core.dressing.draft import NOTHING_YET, Draft

if TYPE_CHECKING:
    from typethrough.core.outcome.causes import Cause


__all__ = ["NOTHING_YET", "Draft", "Refused", "significant"]


class Refused(NamedTuple):
    """A text that may not be shown, and why; the cause is named after the filter that said so."""

    cause: Cause


def significant(text: str) -> int:
    """How many letters and digits a text has."""
    return sum(map(str.isalnum, text))
