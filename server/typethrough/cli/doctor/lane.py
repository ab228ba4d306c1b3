"""The doctor's checks of the model lane: the key, the network path to the gateway, the model's entry in the list, and a
completion.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable
from urllib.parse import urlsplit

from typethrough.cli.doctor.completion import completion
from typethrough.cli.doctor.findings import Level, failure, ok, warning
from typethrough.cli.doctor.machine import is_closing
from typethrough.cli.doctor.network import Place, address
from typethrough.core.outcome.causes import Cause, StreamEnd
from typethrough.core.settings.access import named_access
from typethrough.core.settings.halves import socket_and_path
from typethrough.core.settings.headers import has_login

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from typethrough.cli.compose import Composition
    from typethrough.cli.doctor.findings import Finding
    from typethrough.core.settings.access import EndpointChoice
    from typethrough.core.settings.layers import Problem
    from typethrough.core.settings.schema import Settings
    from typethrough.engine.gateways import Gateways
    from typethrough.gateway.endpoint import Endpoint

_CONNECT_S = 6.0
_LIST_S = 6.0
_SET_KEY = "For a model as well, set AI_GATEWAY_API_KEY, OPENAI_API_KEY, or `base_url` and `api_key` of your own endpoint."


@runtime_checkable
class _Connects(Protocol):
    """Additional method of a gateway that uses a network."""

    async def connect(self) -> None:
        """Open a connection. Raises GatewayError."""
        ...


async def lane(
    composition: Composition,
    settings: Settings,
    problems: Sequence[Problem],
    *,
    is_limit_spent: bool,
    sends: bool,
) -> AsyncIterator[Finding]:
    """Yield all findings one by one. Ends after a failure that makes the following checks useless."""
    choice = composition.endpoint(settings)
    for finding in (found := list(_endpoint(settings, choice, problems))):
        yield finding
    if not choice.usable or any(one.level is Level.FAILURE for one in found):
        return
    endpoint = composition.endpoint_of_model(settings)
    if endpoint.problem:
        yield failure(
            "model lane",
            f"nothing is sent: {endpoint.problem}",
            "Mend the setting or variable that it names.",
        )
        return
    for finding in _way(endpoint):
        yield finding
    if not endpoint.socket_path:
        reached = await address(_place(endpoint, choice), composition.clock.now)
        yield reached
        if reached.level is Level.FAILURE:
            return
    settings = replace(settings, routes=())
    gateways = composition.gateways(settings)
    if gateways is None:
        return
    try:
        connected = await _connected(gateways, endpoint, composition)
        yield connected
        if connected.level is Level.FAILURE:
            return
        # A server does the same when a document is opened. After that it is known whether a successor replaces the model.
        await gateways.warm()
        yield await _listed(endpoint, composition, settings)
        if not sends:
            yield ok("completion", "not asked (--no-request)")
        elif is_limit_spent:
            yield ok("completion", "not asked: today's limit is spent")
        else:
            yield await completion(composition, settings, gateways)
    finally:
        await gateways.aclose()


def _endpoint(settings: Settings, choice: EndpointChoice, problems: Sequence[Problem]) -> list[Finding]:
    """The endpoint of the model lane, and where its key comes from."""
    if choice.usable:
        address_from = f" ({choice.address_name})" if choice.address_name else ""
        key = f"from {choice.key_name}" if choice.key_name else "none: a loopback address needs none"
        if has_login(choice.headers):
            key = "in `headers`"
        elif choice.key_name and not choice.address_name and not choice.is_well_known:
            key += "; no `base_url` is set, so it is sent to the Vercel AI Gateway"
        # A socket's path contains the user's own folders.
        private = (
            [choice.base_url, parts[0]] if (parts := socket_and_path(choice.base_url)) is not None else []
        )
        where = f"{choice.model} at {choice.base_url}{address_from}"
        return [ok("model lane", where, private=private), ok("key", key)]
    closing = [one for one in problems if is_closing(one)]
    if not settings.model_lane:
        found = [ok("model lane", "switched off (setting model_lane): local lane only")]
    elif any(one.setting == "api_key_command" or choice.problem in one.message for one in closing):
        found = [warning("model lane", "no model is asked before that is mended", "See the settings above.")]
    elif choice.is_refused:
        remedy = "Mend what it names; `typethrough settings` shows what is in force."
        found = [failure("model lane", choice.why, remedy)]
    elif (named := named_access(settings.access)) is not None:
        remedy = f"Give the key in the same place as {named.address_name}, as `api_key` or `api_key_command`."
        found = [failure("key", choice.why, remedy)]
    else:
        found = [ok("key", choice.why, more=[_SET_KEY])]
    if not settings.local_lane:
        remedy = "Set `local_lane` to true, or set up the model lane."
        found.append(
            failure("local lane", "switched off (setting local_lane), and there is no model lane", remedy)
        )
    return found


def _way(endpoint: Endpoint) -> list[Finding]:
    """The proxy and the certificates in use."""
    proxy = endpoint.proxy
    found = [ok("proxy", str(proxy), private=[proxy.host] if proxy.url else [])]
    if endpoint.url.scheme == "https":
        found.append(ok("certificates", str(endpoint.certificates)))
    return found


def _place(endpoint: Endpoint, choice: EndpointChoice) -> Place:
    proxy = endpoint.proxy
    if proxy.url:
        return Place(proxy.host, proxy.port, proxy.named_by, endpoint.proxy_party, is_proxy=True)
    return Place(endpoint.host, _port(choice.base_url), choice.address_name, endpoint.party)


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)


async def _connected(gateways: Gateways, endpoint: Endpoint, composition: Composition) -> Finding:
    """Open a connection like that of requests, including TLS."""
    from typethrough.engine.ports import GatewayError

    began_s = composition.clock.now()
    try:
        async with asyncio.timeout(_CONNECT_S):
            if isinstance(gateways.default, _Connects):
                await gateways.default.connect()
    except TimeoutError:
        return failure("connection", f"none within {_CONNECT_S:g} s", StreamEnd.TIMED_OUT.cause.advice)
    except GatewayError as error:
        # The error's sentence says what to do. That depends on the stage at which it failed.
        return failure("connection", str(error), "Mend what it names, and look again.")
    ms = (composition.clock.now() - began_s) * 1_000
    kind = "TCP and TLS" if endpoint.url.scheme == "https" else "TCP, no TLS"
    if endpoint.socket_path:
        kind = "a Unix socket"
    return ok("connection", f"open after {ms:.1f} ms ({kind})", open_ms=round(ms, 1))


async def _listed(endpoint: Endpoint, composition: Composition, settings: Settings) -> Finding:
    """What the endpoint's list of models says about the model."""
    from typethrough.gateway import catalogue
    from typethrough.gateway.connections import open_transport
    from typethrough.gateway.errands import Errands
    from typethrough.gateway.model_facts import listing_of

    errands = Errands(
        lambda: open_transport(endpoint, composition.clock, keeps_spare=False),
        lambda: endpoint.key,
        own_headers=endpoint.headers,
        limit_s=_LIST_S / 2,
    )
    try:
        facts = await listing_of(endpoint, errands)
    finally:
        await errands.aclose()
    private = [endpoint.model]
    if facts is None:
        return ok(
            "model", f"{endpoint.model}; the endpoint has no list of models that can be read", private=private
        )
    figures: dict[str, Any] = {"listed": facts.listed, "ends": facts.ends or None}
    today = composition.clock.local_time().date()
    said = catalogue.warning(facts, endpoint.profile, endpoint.model, endpoint.setting, today=today)
    if said and not facts.listed and facts.successor and not settings.model_is_named:
        text = f"the endpoint's list does not have {endpoint.model}, the default: {facts.successor} takes its place"
        return warning(
            "model",
            text,
            f"To choose another one, set `model`, for instance to {facts.successor}.",
            **figures,
        )
    private += facts.others
    if facts.takes_any_name:
        only = "".join(facts.others)
        text = (
            f"the endpoint lists only `{only}`, which may answer to any name; {endpoint.model} is asked for"
        )
        return ok("model", text, private=private, **figures)
    if said:
        return warning("model", said, Cause.MODEL_UNKNOWN.advice, private=private, **figures)
    end = "its end is not near"
    if not facts.ends and endpoint.profile.shutdown:
        # Many lists do not give an end.
        end = f"the list gives no end; its vendor announced {endpoint.profile.shutdown}"
    return ok("model", f"{endpoint.model} is listed, and {end}", private=private, **figures)
