"""Keeps the profile of one model up to date, in the background: from today's file, else from the endpoint's own lists.

All servers on this machine share the file; it contains no key and no text. The lists are read at most once a day, and only when
the user is about to type (`look`). Until something is known, the built-in profile is used.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import tempfile
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from typethrough.engine.regular_file import read_regular
from typethrough.gateway.catalogue import Listing, facts_in_list, refined, warning, with_endpoints

if TYPE_CHECKING:
    from collections.abc import Callable

    from typethrough.core.models import ModelProfile
    from typethrough.engine.ports import Clock
    from typethrough.gateway.endpoint import Endpoint
    from typethrough.gateway.errands import Errands

_SLUG = re.compile(r"[\w.:-]+(?:/[\w.:-]+)+", re.ASCII)
KEPT_S = 24 * 3_600.0
# If a server has no list or could not be reached, ask again sooner.
KEPT_FAILURE_S = 3_600.0
_MAX_BYTES = 16_384
_GONE = "gone"


class ModelFacts:
    """The current profile of an endpoint's model, and the model that replaces it if it is gone."""

    def __init__(
        self, endpoint: Endpoint, profile: ModelProfile, errands: Errands, file: CatalogueFile, clock: Clock
    ) -> None:
        self.profile = profile
        self.successor = ""
        self.listing: Listing | None = None
        self._is_refused = self._is_told_gone = False
        self._writing: asyncio.Future[None] | None = None
        self._endpoint = endpoint
        self._embedded = profile
        self._errands = errands
        self._file = file
        self._clock = clock
        self._holds_until_s = float("-inf")
        self._task: asyncio.Task[None] | None = None

    def look(self) -> None:
        """Check for news in the background, unless that was done recently. Needs a running loop."""
        if self._clock.now() >= self._holds_until_s and (self._task is None or self._task.done()):
            self._task = asyncio.ensure_future(self._look())

    async def settled(self, limit_s: float) -> Listing | None:
        """What the lists say, after a check that is due or under way. Waits for that at most `limit_s`."""
        self.look()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=limit_s)
        return self.listing

    async def aclose(self) -> None:
        """Stop checking."""
        self._holds_until_s = float("inf")
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._writing is not None:
            await asyncio.gather(self._writing, return_exceptions=True)

    async def _look(self) -> None:
        kept = await asyncio.to_thread(self._file.read)
        self._is_told_gone = await asyncio.to_thread(self._file.told) == _GONE
        if kept is not None:
            facts, holds_s = kept
            self._use(facts, holds_s)
            return
        told = await asyncio.to_thread(self._file.told)
        facts = await listing_of(self._endpoint, self._errands)
        if self._is_refused:
            # A refusal that the model lane met counts more than a list.
            return
        self._use(facts, KEPT_FAILURE_S if facts is None else KEPT_S)
        if facts is not None:
            # Only the server that read the list tells the user, and nothing that was told before.
            endpoint, today = self._endpoint, self._file.today()
            said = warning(facts, self._embedded, endpoint.model, endpoint.setting, today=today)
            news = (facts.ends if facts.listed else _GONE) if said else told
            self.profile = replace(self.profile, warning="" if news == told else said)
            told = news
        await asyncio.to_thread(self._file.write, facts, told)

    def note_gone(self, successor: str) -> bool:
        """The endpoint refused the model and has this successor. Store that. Returns whether the user does not know yet."""
        self._is_refused = True
        self._use(Listing(listed=False, successor=successor), KEPT_S)
        is_news = not self._is_told_gone
        self._is_told_gone = True
        self._writing = asyncio.ensure_future(
            asyncio.to_thread(self._file.write, Listing(listed=False, successor=successor), _GONE)
        )
        return is_news

    def _use(self, facts: Listing | None, holds_s: float) -> None:
        self._holds_until_s = self._clock.now() + holds_s
        if facts is not None:
            self.successor = "" if facts.listed else facts.successor
            self.listing = facts
            self.profile = refined(self._embedded, facts, is_loopback=self._endpoint.is_loopback)


async def listing_of(endpoint: Endpoint, errands: Errands) -> Listing | None:
    """What the endpoint's own lists say about its model now. None if there is no readable list."""
    # The Vercel AI Gateway's lists are public, so the key is not sent.
    with_key = not endpoint.is_vercel
    answer = await errands.get(endpoint.beside("/models"), with_key=with_key)
    found = (
        facts_in_list(answer.value, endpoint.model, endpoint.profile.successors)
        if answer is not None and answer.status == 200
        else None
    )
    if found is None:
        return None
    facts, has_endpoints = found
    slug = endpoint.model.strip()
    if has_endpoints and _SLUG.fullmatch(slug) and ".." not in slug:
        path = f"/models/{quote(slug, safe='/:')}/endpoints"
        answer = await errands.get(endpoint.beside(path), with_key=with_key)
        if answer is not None and answer.status == 200:
            facts = with_endpoints(facts, answer.value, endpoint.providers)
    return facts


class CatalogueFile:
    """The file for one endpoint and model in `folder`. `unix_s` returns the time in seconds since 1970."""

    def __init__(self, folder: Path, base_url: str, model: str, unix_s: Callable[[], float]) -> None:
        name = hashlib.sha256(f"{base_url}\0{model}".encode("utf-8", "replace")).hexdigest()[:32]
        self._path = folder / f"{name}.json"
        self._unix_s = unix_s

    def read(self) -> tuple[Listing | None, float] | None:
        """The stored listing (None: there was no list) and for how many seconds it is still valid. None if nothing is valid."""
        try:
            data = json.loads(read_regular(self._path, _MAX_BYTES)[0])
            age_s = self._unix_s() - float(data["read_at"])
            kept = data["facts"]
        except (OSError, ValueError, OverflowError, TypeError, KeyError, RecursionError):
            return None
        facts = Listing.from_json(kept)
        if kept is not None and facts is None:
            return None
        left_s = (KEPT_FAILURE_S if facts is None else KEPT_S) - age_s
        # A file from the future was written with a wrong clock.
        return (facts, left_s) if age_s >= 0 and left_s > 0 else None

    def told(self) -> str:
        """What the user was last told about the model, however long ago: the date of its end, that it is gone, or nothing."""
        try:
            told = json.loads(read_regular(self._path, _MAX_BYTES)[0])["told"]
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return ""
        return told if isinstance(told, str) else ""

    def today(self) -> date:
        """Today's date (UTC)."""
        return datetime.fromtimestamp(self._unix_s(), UTC).date()

    def write(self, facts: Listing | None, told: str = "") -> None:
        """Store what was learned, completely or not at all, readable only by the user. Disk errors are ignored."""
        data = {
            "read_at": round(self._unix_s()),
            "facts": facts.as_json() if facts else None,
            "told": told,
        }
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # mkstemp creates it with mode 600.
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.stem, suffix=".tmp")
            draft = Path(name)
            try:
                with os.fdopen(handle, "w", encoding="ascii") as file:
                    json.dump(data, file)
                draft.replace(self._path)
            except OSError:
                draft.unlink()
