"""Where requests go, with which key and model, as one frozen value. A change of settings makes a new object.

This module checks whether an address is usable. It does not know how requests are built or sent.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import httpx

from typethrough.core.settings.access import is_loopback
from typethrough.core.settings.halves import address_problem, socket_and_path
from typethrough.core.settings.headers import Headers, has_login, secrets_in
from typethrough.core.settings.redaction import Redaction
from typethrough.core.settings.schema import GATEWAY_BASE_URL
from typethrough.gateway.certificates import SYSTEM, Certificates
from typethrough.gateway.dialing import host_of
from typethrough.gateway.network_faults import BASE_URL, refused_by_proxy
from typethrough.gateway.proxies import DIRECT, Proxy
from typethrough.gateway.routing import ANY, Routing
from typethrough.gateway.way import Way, proxy_party, server_party, socket_party

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typethrough.core.models import FimMarks, ModelProfile
    from typethrough.engine.ports import Clock
    from typethrough.gateway.dialing import Host
    from typethrough.gateway.network_faults import Party, Unreachable

AUTO, CHAT, FIM = "auto", "chat", "fim"
_CHAT_PATH = "/chat/completions"
_TEXT_PATH = "/completions"
_VERCEL_HOST = host_of(httpx.URL(GATEWAY_BASE_URL))
# These serve chats. Fill-in-the-middle is at other addresses or missing; a router passes a raw prompt on as a chat.
_CHAT_ONLY_HOSTS = frozenset(
    {
        _VERCEL_HOST,
        "api.openai.com",
        "api.mistral.ai",
        "codestral.mistral.ai",
        "api.inceptionlabs.ai",
        "openrouter.ai",
    }
)


@dataclass(frozen=True)
class Endpoint:
    """One model behind one OpenAI-compatible address.

    - `base_url`: with its version ("https://…/v1"). A slash at the end makes no difference.
    - `routing`: sent only if something in it is set.
    - `prompt_form`: "auto", "chat" or "fim" (fill-in-the-middle marks in a text completion). "auto" uses "fim" if the model's
      marks are known and the address has text completions.
    - `setting`: the setting that names the model.
    - `key_name` and `address_name`: where the key and the address come from, as messages name it. Empty if that is not
      known, or if the address is built in.
    - `proxy` and `certificates`: how to connect.
    - `headers`: sent with each request, in addition to ours or instead of them.
    - `refused`: why the settings cannot be used, as a sentence. Then nothing is sent.
    """

    base_url: str
    api_key: str = field(repr=False)
    model: str
    profile: ModelProfile
    routing: Routing = ANY
    prompt_form: str = AUTO
    setting: str = "model"
    proxy: Proxy = DIRECT
    certificates: Certificates = SYSTEM
    headers: Headers = field(default=(), repr=False)
    refused: str = ""
    key_name: str = ""
    address_name: str = BASE_URL

    def routed(self, model: str, profile: ModelProfile) -> Endpoint:
        """The same address and key, for a model of the setting `routes`.

        Wishes for the setting `model` do not apply to it: no fallback models, and fill-in-the-middle only where possible.
        """
        form = AUTO if self.prompt_form == FIM else self.prompt_form
        routing = replace(self.routing, fallback_models=())
        return replace(
            self, model=model, profile=profile, routing=routing, prompt_form=form, setting="routes"
        )

    @cached_property
    def key(self) -> str:
        """The key without the line end that a file or command may add."""
        return self.api_key.strip()

    @cached_property
    def login(self) -> tuple[str, str]:
        """What is sent as a login, as messages name it, and what to do if it is refused."""
        if has_login(self.headers):
            return "the key in the setting `headers`", "it is wrong, or has expired"
        if not self.key:
            return "a question without a key", "set TYPETHROUGH_API_KEY"
        source = f" from {self.key_name}" if self.key_name else ""
        return f"the key{source}", "it is wrong, or has expired"

    @cached_property
    def redaction(self) -> Redaction:
        """Hides our secrets in texts that came from the other side."""
        return Redaction((self.key, self.proxy.password, *secrets_in(self.headers)))

    def shows(self, text: str) -> bool:
        """Whether a text contains a part of a secret, or the value of one of the user's headers."""
        said = text.lower()
        return self.redaction.shows(text) or any(value and value.lower() in said for _, value in self.headers)

    @cached_property
    def url(self) -> httpx.URL:
        """The address of chat completions. Raises httpx.InvalidURL; check `problem` first."""
        return self.beside(_CHAT_PATH)

    @cached_property
    def host(self) -> Host:
        """The server's host."""
        return host_of(self.url)

    @cached_property
    def text_url(self) -> httpx.URL:
        """The address of text completions."""
        return self.beside(_TEXT_PATH)

    def beside(self, path: str) -> httpx.URL:
        """The address of something else at the endpoint, such as "/models"."""
        return httpx.URL(self._base + path)

    def way(self, clock: Clock) -> Way:
        """The way to the server."""
        return Way(
            self.url,
            clock,
            proxy=self.proxy,
            certificates=self.certificates,
            socket_path=self.socket_path,
            party=self.party,
        )

    @cached_property
    def party(self) -> Party:
        """The gateway, as messages about its connection name it."""
        if self.socket_path:
            return socket_party(self.address_name)
        return server_party(
            self.url,
            self.proxy,
            has_certificate=bool(self.certificates.client),
            address_name=self.address_name,
        )

    @cached_property
    def proxy_party(self) -> Party:
        """The proxy, for sentences about its connection."""
        return proxy_party(self.proxy, self.host)

    @cached_property
    def forwards(self) -> bool:
        """Whether a proxy forwards the requests. Then an answer can be the gateway's or the proxy's own."""
        return self.proxy.forwards(self.url.scheme)

    def refused_by_proxy(self, status: int, headers: Mapping[str, str]) -> Unreachable | None:
        """The error for an answer that the proxy gave itself: a page, a redirection, or a demand for a login. Else None."""
        if not self.forwards:
            return None
        is_page = "html" in headers.get("content-type", "").lower()
        if not (is_page or 300 <= status < 400 or status == 407):
            return None
        return refused_by_proxy(status, headers, self.proxy, self.proxy_party, self.url.netloc.decode())

    @cached_property
    def providers(self) -> tuple[str, ...]:
        """The providers behind a routing gateway, in order, as far as the settings or we decide it."""
        return self.routing.providers(self.model, on_vercel=self.is_vercel)

    @cached_property
    def fim(self) -> FimMarks | None:
        """The model's fill-in-the-middle marks, if that form is to be used. Else None."""
        if self.prompt_form == CHAT or self.host in _CHAT_ONLY_HOSTS:
            return None
        return self.profile.fim

    @cached_property
    def is_loopback(self) -> bool:
        """Whether the address is on this machine. Then no key is needed, and no proxy is used."""
        return is_loopback(str(self.url))

    @cached_property
    def socket_path(self) -> str:
        """The path of the server's Unix socket. Empty if it has a host."""
        parts = socket_and_path(self.base_url.strip())
        return parts[0] if parts is not None else ""

    @cached_property
    def is_vercel(self) -> bool:
        """Whether this is the Vercel AI Gateway itself."""
        return self.host == _VERCEL_HOST

    @cached_property
    def problem(self) -> str:
        """Why nothing can be sent with these settings, as a sentence for the user, or the empty string."""
        if self.refused:
            return self.refused
        if refusal := address_problem(self.base_url.strip().rstrip("/")):
            return f"The setting `base_url` (TYPETHROUGH_BASE_URL) {refusal}."
        try:
            _ = self.url, self.text_url
        except (httpx.InvalidURL, ValueError):
            return "The setting `base_url` (TYPETHROUGH_BASE_URL) is not a web address."
        if self.proxy.problem:
            return self.proxy.problem
        if self.routing.promises and not self.is_vercel:
            return (
                f"The setting `{self.routing.promises[0]}` is a promise that only the Vercel AI Gateway makes, and `base_url` "
                "is another address: nothing is sent."
            )
        if not self.model.strip():
            return "No model is set: see the setting `model` (TYPETHROUGH_MODEL)."
        if self.prompt_form == FIM and self.fim is None:
            return self._no_fim()
        if not (self.key.isascii() and self.key.isprintable()) or " " in self.key:
            return "The key holds characters that no HTTP header can carry: copy it again, without quotes or spaces."
        if self.socket_path and not hasattr(socket, "AF_UNIX"):
            return (
                "The setting `base_url` (TYPETHROUGH_BASE_URL) names a Unix socket, and this system has none."
            )
        if not self.key and not self.is_loopback and not has_login(self.headers):
            return (
                "No key is set: set TYPETHROUGH_API_KEY, or AI_GATEWAY_API_KEY or VERCEL_OIDC_TOKEN "
                "for the Vercel AI Gateway."
            )
        return ""

    @cached_property
    def _base(self) -> str:
        base = self.base_url.strip().rstrip("/")
        if (parts := socket_and_path(base)) is not None:
            base = f"http://localhost{parts[1]}"
        return base.removesuffix(_CHAT_PATH).removesuffix(_TEXT_PATH)

    def _no_fim(self) -> str:
        setting = "The setting `prompt_form` (TYPETHROUGH_PROMPT_FORM) is `fim`, but"
        if self.profile.fim is None:
            model = self.model if self.model.isprintable() and len(self.model) <= 100 else "the model"
            return f"{setting} the fill-in-the-middle marks of {model} are not known: set it to `auto` or `chat`."
        return f"{setting} {self.host} serves no raw text completions: set it to `auto` or `chat`."
