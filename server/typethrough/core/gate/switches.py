"""What the user has switched off or on by hand while the server runs: everywhere, for a language, for a file, for some minutes.

A switch goes before the settings, in both directions, and lasts as long as the process; what should last longer is a setting.
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
    """What a switch is about."""

    EVERYWHERE = "everywhere"
    LANGUAGE = "language"
    FILE = "file"
    PAUSE = "pause"


@dataclass(slots=True)
class Switches:
    """The switches as they stand. Times are seconds of the clock that is handed in."""

    everywhere: bool | None = None
    languages: dict[str, bool] = field(default_factory=dict)
    files_off: set[str] = field(default_factory=set)
    paused_until_s: float = -math.inf

    def set_everywhere(self, *, on: bool) -> None:
        """Switch everything; on, it ends a pause too."""
        self.everywhere = on
        if on:
            self.resume()

    def set_language(self, language_id: str, *, on: bool) -> None:
        """Switch one language."""
        self.languages[language_id] = on

    def set_file(self, uri: str, *, on: bool) -> None:
        """Switch one document."""
        if on:
            self.files_off.discard(uri)
        else:
            self.files_off.add(uri)

    def pause(self, minutes: float, now_s: float) -> None:
        """Be silent everywhere for some minutes."""
        self.paused_until_s = now_s + minutes * _MINUTE_S

    def resume(self) -> None:
        """End a pause."""
        self.paused_until_s = -math.inf

    def refusal(self, settings: Settings, uri: str, language_id: str, now_s: float) -> Refusal | None:
        """Which switch or setting keeps a document without suggestions, or None; an empty `uri` asks of everywhere.

        Whether a file is excluded is for the gate to say.
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
