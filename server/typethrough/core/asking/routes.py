"""Which model answers which request: the setting `routes`, and the choice of a route for a request.

Pure: knows no models and no gateways. A request without a route goes to the model of the setting `model`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from typethrough.core.suggestion.amount import empty_block

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typethrough.core.document.view import View
    from typethrough.core.suggestion.amount import MaxLines


class RoutePurpose(StrEnum):
    """The purposes that can have their own model. The values are the words in the setting."""

    INVOKED = "invoked"
    BLOCK = "block"
    HEDGE = "hedge"


class Route(NamedTuple):
    """A purpose, its model and its budget. A budget of 0 means the setting `budget_ms`."""

    purpose: RoutePurpose
    model: str
    budget_ms: int = 0

    def __str__(self) -> str:
        """The form that it has in the environment variable."""
        return f"{self.purpose}={self.model}" + (f" {self.budget_ms} ms" if self.budget_ms else "")


def route_of(routes: Sequence[Route], view: View, *, invoked: bool, max_lines: MaxLines) -> Route | None:
    """The route of a request, or None for the default model. For a request by hand, the route "invoked" comes first."""
    by_purpose = {route.purpose: route for route in routes}
    if invoked and RoutePurpose.INVOKED in by_purpose:
        return by_purpose[RoutePurpose.INVOKED]
    # A single line needs no stronger model.
    if RoutePurpose.BLOCK in by_purpose and (invoked or max_lines != 1) and empty_block(view) >= 0:
        return by_purpose[RoutePurpose.BLOCK]
    return None


def hedge_model(routes: Sequence[Route]) -> str:
    """The model to ask as well when another is late, or the empty string."""
    return next((route.model for route in routes if route.purpose is RoutePurpose.HEDGE), "")
