"""Where code and key may go: the one place that pairs an endpoint with a credential.

A key found for one endpoint is never sent to another. The process environment is handed in; nothing here reads it.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from typethrough.core.settings.schema import GATEWAY_BASE_URL
from typethrough.core.settings.values import BadValue, Kind, Spec, checked, usable_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typethrough.core.settings.schema import Settings

OPENAI_BASE_URL = "https://api.openai.com/v1"
_OIDC = "VERCEL_OIDC_TOKEN"
_URL = Spec(kind=Kind.URL, description="")


@dataclass(frozen=True, slots=True)
class EndpointChoice:
    """Where the model lane goes. `base_url` is empty when there is none; `why` says so, or which was chosen, in plain words.

    `is_oidc`: the key is Vercel's OIDC token, which ends after some hours; it is only ever chosen for Vercel's gateway.
    """

    base_url: str
    api_key: str = field(repr=False)
    model: str
    why: str
    is_oidc: bool = False

    @property
    def usable(self) -> bool:
        """Whether there is a model lane."""
        return bool(self.base_url)


def endpoint_of(settings: Settings, environment: Mapping[str, str]) -> EndpointChoice:
    """The endpoint, its own key, and the model's name there.

    Order: the settings' own `base_url` and `api_key`; then AI_GATEWAY_API_KEY, VERCEL_OIDC_TOKEN (Vercel AI Gateway); then
    OPENAI_API_KEY with OPENAI_BASE_URL.
    """
    if not settings.model_lane:
        return _none("the model lane is off (setting model_lane): local lane only")
    if settings.base_url:
        return _at_chosen(settings, environment)
    if settings.api_key:
        return _chosen(settings, GATEWAY_BASE_URL, settings.api_key, "the key in the settings")
    for base_url, name, key in _found_keys(environment):
        return _chosen(settings, base_url, key, name)
    return _none("no key: local lane only")


def is_loopback(base_url: str) -> bool:
    """Whether an address can only be this machine."""
    host = (urlsplit(base_url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _at_chosen(settings: Settings, environment: Mapping[str, str]) -> EndpointChoice:
    base_url = settings.base_url
    if settings.api_key:
        return _chosen(settings, base_url, settings.api_key, "the key in the settings")
    for found_base_url, name, key in _found_keys(environment):
        if _origin(found_base_url) == _origin(base_url):
            return _chosen(settings, base_url, key, name)
    if is_loopback(base_url):
        return _chosen(settings, base_url, "", "no key: a loopback address needs none")
    return _none(f"no key for {_host(base_url)}: local lane only")


def _found_keys(environment: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """(base URL, variable, key) of each credential the environment holds, first choice first."""
    candidates = [
        (GATEWAY_BASE_URL, "AI_GATEWAY_API_KEY"),
        (GATEWAY_BASE_URL, _OIDC),
        (_openai_base_url(environment), "OPENAI_API_KEY"),
    ]
    return [
        (base_url, name, key)
        for base_url, name in candidates
        if base_url and (key := usable_key(environment.get(name, "")))
    ]


def _openai_base_url(environment: Mapping[str, str]) -> str:
    """OPENAI_BASE_URL, its default, or the empty string when it is set to no URL: the key must not go to the default then."""
    said = environment.get("OPENAI_BASE_URL", "").strip()
    try:
        return str(checked(_URL, said)) if said else OPENAI_BASE_URL
    except BadValue:
        return ""


def _chosen(settings: Settings, base_url: str, api_key: str, reason: str) -> EndpointChoice:
    model = settings.model
    if _host(base_url) == _host(OPENAI_BASE_URL):
        model = model.removeprefix("openai/")
    why = f"{model} at {_host(base_url)} ({reason})"
    return EndpointChoice(base_url, api_key, model, why, is_oidc=reason == _OIDC)


def _none(why: str) -> EndpointChoice:
    return EndpointChoice("", "", "", why)


def _host(base_url: str) -> str:
    return urlsplit(base_url).hostname or ""


def _origin(base_url: str) -> tuple[str, str, int]:
    parts = urlsplit(base_url)
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
