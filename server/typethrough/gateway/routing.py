"""What a routing gateway is asked for: which providers, in which order, with which promises, and which fallback models.

The form is the Vercel AI Gateway's (`providerOptions.gateway`, `models`, `service_tier`; vercel.com/docs/ai-gateway). Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

NO_CHOICE = "none"
# OpenAI and Azure have separate caches, so requests must always go to the same one to find the cache.
_FIRST_PROVIDER = {"openai": "openai", "mistral": "mistral", "inception": "inception"}


@dataclass(frozen=True, slots=True)
class Routing:
    """The user's wishes. The defaults ask for nothing. `sort` and `service_tier` are "none" if unset."""

    order: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    sort: str = NO_CHOICE
    zero_data_retention: bool = False
    no_prompt_training: bool = False
    fallback_models: tuple[str, ...] = ()
    service_tier: str = NO_CHOICE

    @property
    def promises(self) -> tuple[str, ...]:
        """The settings that are promises about the user's code. A request that cannot carry them must not be sent."""
        wanted = {
            "zero_data_retention": self.zero_data_retention,
            "no_prompt_training": self.no_prompt_training,
        }
        return tuple(name for name, asked in wanted.items() if asked)

    def providers(self, model: str, *, on_vercel: bool) -> tuple[str, ...]:
        """The providers in order. Empty if the gateway chooses."""
        if self.sort != NO_CHOICE and not self.order:
            return self.only if len(self.only) == 1 else ()
        order = self._order(model, on_vercel=on_vercel)
        return tuple(name for name in order if name in self.only) or self.only if self.only else order

    def _order(self, model: str, *, on_vercel: bool) -> tuple[str, ...]:
        """The order of providers. On Vercel's own gateway, a model's own provider comes first unless the user sets something."""
        if on_vercel and not (self.order or self.only or self.sort != NO_CHOICE):
            first = _FIRST_PROVIDER.get(model.partition("/")[0])
            return (first,) if first else ()
        return self.order

    def parameters(self, model: str, *, on_vercel: bool) -> dict[str, Any]:
        """The members of a request's body."""
        order = self._order(model, on_vercel=on_vercel)
        gateway: dict[str, Any] = {}
        if order:
            gateway["order"] = list(order)
        if self.only:
            gateway["only"] = list(self.only)
        if self.sort != NO_CHOICE:
            gateway["sort"] = self.sort
        if self.zero_data_retention:
            gateway["zeroDataRetention"] = True
        if self.no_prompt_training:
            gateway["disallowPromptTraining"] = True
        body: dict[str, Any] = {"providerOptions": {"gateway": gateway}} if gateway else {}
        if self.fallback_models:
            body["models"] = list(self.fallback_models)
        if self.service_tier != NO_CHOICE:
            body["service_tier"] = self.service_tier
        return body


ANY = Routing()
"""No wishes."""
