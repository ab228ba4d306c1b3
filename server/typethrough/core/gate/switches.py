"""What the user has switched on or off while the server runs: everywhere, for a language, for a file, or for some minutes.

A switch overrides the settings in both directions, and ends with the process. A setting is for what should last longer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from typethrough.core.outcome.causes import Cause

if TYPE_CHECKING:
    from typethrough.core.outcome.causes import Refusal
    from typethrough.core.settings.schema import Settings

_MINUTE_S = 60.0


class Scope(StrEnum):
    """What a switch applies to."""

    EVERYWHERE = "everywhere"
    LANGUAGE = "language"
    FILE = "file"
    PAUSE = "pause"


@dataclass(slots=True)
class Switches:
    """The current switches. Times are seconds of the clock that the caller uses."""

    everywhere: bool | None = None
    languages: dict[str, bool] = field(default_factory=dict)
    files_off: set[str] = field(default_factory=set)
    paused_until_s: float = -math.inf

    def set_everywhere(self, *, on: bool) -> None:
        """Switch everything on or off. Switching on also ends a pause."""
        self.everywhere = on
        if on:
            self.resume()

    def set_language(self, language_id: str, *, on: bool) -> None:
        """Switch one language on or off."""
        self.languages[language_id] = on

    def set_file(self, uri: str, *, on: bool) -> None:
        """Switch one document on or off."""
        if on:
            self.files_off.discard(uri)
        else:
            self.files_off.add(uri)

    def pause(self, minutes: float, now_s: float) -> None:
        """Give no suggestions anywhere for some minutes."""
        self.paused_until_s = now_s + minutes * _MINUTE_S

    def resume(self) -> None:
        """End a pause."""
        self.paused_until_s = -math.inf

    def refusal(self, settings: Settings, uri: str, language_id: str, now_s: float) -> Refusal | None:
        """The switch or setting that turns suggestions off for a document, or None. With an empty `uri`: for all documents.

        Excluded files are the gate's task, not checked here.
        """
        if not (settings.enabled if self.everywhere is None else self.everywhere):
            return Cause.SWITCHED_OFF.refusal()
        if now_s < self.paused_until_s:
            minutes = math.ceil((self.paused_until_s - now_s) / _MINUTE_S)
            return Cause.PAUSED.refusal(f"paused for {minutes} min")
        if not uri:
            return None
        if not self.languages.get(language_id, language_id not in settings.disabled_languages):
            return Cause.LANGUAGE_OFF.refusal(f"switched off for {language_id}")
        return Cause.FILE_OFF.refusal() if uri in self.files_off else None
