"""The default model, and its successor if the endpoint no longer has the default model.

Only a model that nobody has chosen is replaced, never one that the user has set. The endpoint's list of models, or a
refusal, shows that the model is gone. A refused question goes to the successor at once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from typethrough.core.outcome.faults import Fault
from typethrough.engine.ports import GatewayRejected, ModelNotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from typethrough.core.models import ModelProfile
    from typethrough.core.prompt.message import Prompt
    from typethrough.engine.ports import Finish, OnCounted, Preview
    from typethrough.gateway.http_gateway import HttpGateway


class SucceededGateway:
    """A `Gateway` for a model, or for the successor that replaces it. `open_model` returns the gateway for a model."""

    def __init__(self, first: HttpGateway, open_model: Callable[[str], HttpGateway]) -> None:
        self._first = first
        self._open_model = open_model
        self._heir: HttpGateway | None = None
        self._warning = ""
        self._profile: tuple[ModelProfile, ModelProfile] | None = None

    @property
    def model(self) -> str:
        """The model in use."""
        return self._asked.model

    @property
    def profile(self) -> ModelProfile:
        """The profile of the model in use. If it is a successor, the warning tells the user about it."""
        profile = self._asked.profile
        if not self._warning:
            return profile
        # Kept, because it is read several times per key.
        if self._profile is None or self._profile[0] is not profile:
            self._profile = (profile, replace(profile, warning=self._warning))
        return self._profile[1]

    @property
    def _asked(self) -> HttpGateway:
        if self._heir is None and (name := self._first.listed_successor):
            self._use(self._open_model(name), is_news=bool(self._first.profile.warning))
        return self._heir or self._first

    def refusal(self) -> str:
        """Why the gateway in use cannot be asked, or the empty string."""
        return self._asked.refusal()

    @property
    def most_at_once(self) -> float:
        """How many questions the gateway in use takes at once."""
        return self._asked.most_at_once

    def try_again(self) -> None:
        """Let the gateway in use try again."""
        self._asked.try_again()

    def preview(self, prompt: Prompt) -> Preview:
        """What would be sent."""
        return self._asked.preview(prompt)

    def race(self) -> None:
        """None, because only one model is asked at a time."""

    async def stream(
        self, prompt: Prompt, on_text: Callable[[str], None], on_counted: OnCounted | None = None
    ) -> Finish:
        """Ask the model in use. If the first model is gone, ask its successors. Raises GatewayError."""
        asked = self._asked
        try:
            return await asked.stream(prompt, on_text, on_counted)
        except ModelNotFound:
            if asked is not self._first:
                raise
            end = await self._stream_heirs(prompt, on_text, on_counted)
            if end is None:
                raise
            return end

    async def _stream_heirs(
        self, prompt: Prompt, on_text: Callable[[str], None], on_counted: OnCounted | None
    ) -> Finish | None:
        """The answer of the first successor that the endpoint knows. None if it knows none."""
        tried = set[str]()
        for name in self._first.successors:
            heir = self._open_model(name)
            if heir.model in tried:
                continue
            tried.add(heir.model)

            def heard(text: str, heir: HttpGateway = heir) -> None:
                # Take over before passing the text on, because the caller may close the stream on it.
                self._take_over(heir)
                on_text(text)

            try:
                end = await heir.stream(prompt, heard, on_counted)
            except ModelNotFound:
                continue
            except GatewayRejected:
                # The endpoint knows the model, whatever else is wrong.
                self._take_over(heir)
                raise
            self._take_over(heir)
            return end
        return None

    def _take_over(self, heir: HttpGateway) -> None:
        if self._heir is None:
            self._use(heir, is_news=self._first.note_gone(heir.model))

    def _use(self, heir: HttpGateway, *, is_news: bool) -> None:
        self._heir = heir
        if is_news:
            places = self._first.model_places() | {"successor": heir.model}
            self._warning = Fault.MODEL_RETIRED.says(**places)

    async def warm(self) -> None:
        """Prepare the gateway in use."""
        await self._asked.warm()

    async def connect(self) -> None:
        """Open a connection. Raises GatewayError."""
        await self._asked.connect()

    async def aclose(self) -> None:
        """Close both."""
        await self._first.aclose()
        if self._heir is not None:
            await self._heir.aclose()
