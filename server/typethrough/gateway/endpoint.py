"""Where requests go, and with which key and model: one frozen value, so that a change of setting is a new object.

Knows what makes an address usable. Must not know how requests are built or sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import httpx

from typethrough.core.settings import GATEWAY_BASE_URL
from typethrough.core.settings_endpoint import is_loopback
from typethrough.gateway.routing import ANY, Routing

if TYPE_CHECKING:
    from typethrough.core.models import ModelProfile

_PATH = "/chat/completions"


@dataclass(frozen=True)
class Endpoint:
    """One model behind one OpenAI-compatible address.

    `base_url` includes its version ("https://…/v1"), with or without a trailing slash. What `routing` asks is sent only where it
    asks something; a gateway that routes understands it.
    """

    base_url: str
    api_key: str = field(repr=False)
    model: str
    profile: ModelProfile
    routing: Routing = ANY

    @cached_property
    def key(self) -> str:
        """The key without the line end that reading it from a file or a command leaves."""
        return self.api_key.strip()

    @cached_property
    def url(self) -> httpx.URL:
        """The address of chat completions. Raises httpx.InvalidURL; `problem` says so first."""
        base = self.base_url.strip().rstrip("/")
        return httpx.URL(base if base.endswith(_PATH) else base + _PATH)

    @cached_property
    def is_loopback(self) -> bool:
        """Whether the address is this machine's own, so that no key is needed and no proxy is used."""
        return is_loopback(str(self.url))

    @cached_property
    def is_vercel(self) -> bool:
        """Whether this is the Vercel AI Gateway itself."""
        return self.url.host == httpx.URL(GATEWAY_BASE_URL).host

    @cached_property
    def problem(self) -> str:
        """Why nothing can be sent with these settings, as a sentence for people, or the empty string."""
        try:
            url = self.url
        except (httpx.InvalidURL, ValueError):
            return "The setting `base_url` (TYPETHROUGH_BASE_URL) is not a web address."
        if url.scheme not in ("http", "https") or not url.host:
            return "The setting `base_url` (TYPETHROUGH_BASE_URL) must begin with https:// or http://."
        if url.userinfo or url.query or url.fragment:
            return (
                "The setting `base_url` (TYPETHROUGH_BASE_URL) must be a plain address: "
                "no user name, password, query or fragment."
            )
        if self.routing.promises and not self.is_vercel:
            return (
                f"The setting `{self.routing.promises[0]}` is a promise that only the Vercel AI Gateway makes, and `base_url` "
                "is another address: nothing is sent."
            )
        if not self.model.strip():
            return "No model is set: see the setting `model` (TYPETHROUGH_MODEL)."
        if not (self.key.isascii() and self.key.isprintable()) or " " in self.key:
            return "The key holds characters that no HTTP header can carry: copy it again, without quotes or spaces."
        if not self.key and not self.is_loopback:
            return (
                "No key is set: set TYPETHROUGH_API_KEY, or AI_GATEWAY_API_KEY or VERCEL_OIDC_TOKEN "
                "for the Vercel AI Gateway."
            )
        return ""
