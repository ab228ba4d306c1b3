"""Keeping the profile of one model up to date: from the file of today, else from the endpoint's own lists, in the background.

Reads once a day at most, and only when somebody is about to type (`look`). Until something is known, and when nothing can be,
the embedded profile holds.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from typethrough.gateway.catalogue import facts_in_list, refined, warning, with_endpoints
from typethrough.gateway.catalogue_file import KEPT_FAILURE_S, KEPT_S

if TYPE_CHECKING:
    from typethrough.core.models import ModelProfile
    from typethrough.engine.ports import Clock
    from typethrough.gateway.catalogue import Listing
    from typethrough.gateway.catalogue_file import CatalogueFile
    from typethrough.gateway.endpoint import Endpoint
    from typethrough.gateway.errands import Errands

_SLUG = re.compile(r"[\w.:-]+(?:/[\w.:-]+)+", re.ASCII)


class ModelFacts:
    """The profile of an endpoint's model, as it is known now."""

    def __init__(
        self, endpoint: Endpoint, profile: ModelProfile, errands: Errands, file: CatalogueFile, clock: Clock
    ) -> None:
        self.profile = profile
        self._endpoint = endpoint
        self._embedded = profile
        self._errands = errands
        self._file = file
        self._clock = clock
        self._holds_until_s = float("-inf")
        self._task: asyncio.Task[None] | None = None

    def look(self) -> None:
        """See in the background whether there is anything new, unless that was seen lately. Needs a running loop."""
        if self._clock.now() >= self._holds_until_s and (self._task is None or self._task.done()):
            self._task = asyncio.ensure_future(self._look())

    async def aclose(self) -> None:
        """Stop looking."""
        self._holds_until_s = float("inf")
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _look(self) -> None:
        kept = await asyncio.to_thread(self._file.read)
        if kept is not None:
            facts, holds_s = kept
            self._use(facts, holds_s)
            return
        facts = await self._ask()
        self._use(facts, KEPT_FAILURE_S if facts is None else KEPT_S)
        if facts is not None:
            # Only who has asked speaks of it: once a day, and not in every window.
            said = warning(facts, self._embedded, self._endpoint.model, self._endpoint.setting)
            self.profile = replace(self.profile, warning=said)
        await asyncio.to_thread(self._file.write, facts)

    def _use(self, facts: Listing | None, holds_s: float) -> None:
        self._holds_until_s = self._clock.now() + holds_s
        if facts is not None:
            self.profile = refined(self._embedded, facts, is_loopback=self._endpoint.is_loopback)

    async def _ask(self) -> Listing | None:
        endpoint = self._endpoint
        # The Vercel AI Gateway's lists are open to all, so the key stays here.
        with_key = not endpoint.is_vercel
        answer = await self._errands.get(endpoint.beside("/models"), with_key=with_key)
        found = (
            facts_in_list(answer.value, endpoint.model)
            if answer is not None and answer.status == 200
            else None
        )
        if found is None:
            return None
        facts, has_endpoints = found
        slug = endpoint.model.strip()
        if has_endpoints and _SLUG.fullmatch(slug) and ".." not in slug:
            path = f"/models/{quote(slug, safe='/:')}/endpoints"
            answer = await self._errands.get(endpoint.beside(path), with_key=with_key)
            if answer is not None and answer.status == 200:
                facts = with_endpoints(facts, answer.value, endpoint.providers)
        return facts
