"""Pages that are made elsewhere, for editors that show pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typethrough.core.outcome.history import Entry


class Pages(Protocol):
    """Who makes them; implemented by the composition root."""

    def statistics_page(self) -> str:
        """The statistics as HTML; called in a thread, for it reads the record and adds it up."""
        ...

    def why_page(self, entries: Sequence[Entry]) -> str:
        """The last outcomes as HTML."""
        ...
