"""What a catalogue said, kept in a file for a day, so that all servers on this machine ask once. No key and no text are in it."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from typethrough.gateway.catalogue import Listing

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT_S = 24 * 3_600.0
# A server that has no list, or could not be reached, is asked again sooner.
KEPT_FAILURE_S = 3_600.0
_MAX_BYTES = 16_384


class CatalogueFile:
    """The file for one endpoint and model in `folder`. `unix_s` tells the time of day in seconds since 1970."""

    def __init__(self, folder: Path, base_url: str, model: str, unix_s: Callable[[], float]) -> None:
        name = hashlib.sha256(f"{base_url}\0{model}".encode("utf-8", "replace")).hexdigest()[:32]
        self._path = folder / f"{name}.json"
        self._unix_s = unix_s

    def read(self) -> tuple[Listing | None, float] | None:
        """What was kept (None: there was no list) and the seconds it still holds; None when there is nothing that holds."""
        try:
            with self._path.open("rb") as file:
                data = json.loads(file.read(_MAX_BYTES))
            age_s = self._unix_s() - float(data["read_at"])
            kept = data["facts"]
        except (OSError, ValueError, OverflowError, TypeError, KeyError, RecursionError):
            return None
        facts = Listing.from_json(kept)
        if kept is not None and facts is None:
            return None
        left_s = (KEPT_FAILURE_S if facts is None else KEPT_S) - age_s
        # A file from the future was written by a clock that was wrong.
        return (facts, left_s) if age_s >= 0 and left_s > 0 else None

    def write(self, facts: Listing | None) -> None:
        """Keep what was said, whole or not at all, for the user alone; a disk that refuses is no reason to fail."""
        data = {"read_at": round(self._unix_s()), "facts": facts.as_json() if facts else None}
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Made with mode 600.
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.stem, suffix=".tmp")
            draft = Path(name)
            try:
                with os.fdopen(handle, "w", encoding="ascii") as file:
                    json.dump(data, file)
                draft.replace(self._path)
            except OSError:
                draft.unlink()
