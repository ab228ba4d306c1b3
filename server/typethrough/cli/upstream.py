"""Builds gateways from the settings and the chosen endpoint: one per model over one transport, hedged if a route asks for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from typethrough.cli.user_file import catalogue_path
from typethrough.core.asking.routes import RoutePurpose, hedge_model
from typethrough.core.models import profile_of
from typethrough.core.settings.headers import secrets_in
from typethrough.engine.gateways import Gateways
from typethrough.gateway.certificates import certificates_of
from typethrough.gateway.connections import open_transport
from typethrough.gateway.doorway import Doorway
from typethrough.gateway.endpoint import Endpoint
from typethrough.gateway.hedge import Hedging
from typethrough.gateway.http_gateway import HttpGateway
from typethrough.gateway.model_facts import CatalogueFile
from typethrough.gateway.oidc import TokenSource
from typethrough.gateway.proxies import DIRECT, proxy_for
from typethrough.gateway.routing import Routing
from typethrough.gateway.succession import SucceededGateway

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from typethrough.core.settings.access import EndpointChoice
    from typethrough.core.settings.schema import Settings
    from typethrough.engine.ports import Clock, Gateway, WallClock


def endpoint_for(settings: Settings, choice: EndpointChoice, environment: Mapping[str, str]) -> Endpoint:
    """The endpoint for the model in the settings, with its proxy and certificates."""
    model = choice.model_there(settings.model)
    return Endpoint(
        choice.base_url,
        choice.api_key,
        model,
        profile_of(model),
        _routing(settings),
        settings.prompt_form,
        proxy=proxy_for(choice.base_url, environment, settings.proxy) if choice.usable else DIRECT,
        certificates=certificates_of(
            environment, client=settings.client_certificate, client_key=settings.client_key
        ),
        headers=choice.headers,
        refused=choice.why if choice.is_refused else "",
        key_name=choice.key_name,
        address_name=choice.address_name,
    )


def open_gateways(
    settings: Settings,
    choice: EndpointChoice,
    environment: Mapping[str, str],
    clock: WallClock,
    hide: Callable[[str], None],
) -> Gateway | Gateways:
    """The gateways for the settings. If the endpoint is refused, they answer every request with the reason. Opens no
    connection.

    `hide` is called with each further secret, to keep it out of the log.
    """
    endpoint = endpoint_for(settings, choice, environment)
    hide(endpoint.proxy.password)
    # One for all models, because they are behind one address and share its limits.
    doorway = Doorway(clock, is_local=endpoint.profile.is_local)
    for text in secrets_in(endpoint.headers):
        hide(text)
    transport = open_transport(endpoint, clock)
    tokens = None
    if choice.is_oidc:
        file = Path(settings.oidc_token_file) if settings.oidc_token_file else None
        tokens = TokenSource(file, lambda: _unix_s(clock), hide)

    def open_model(model: str) -> Gateway:
        """The gateway of one of the models named in the settings. All use the same transport."""
        if model != settings.model:
            name = choice.model_there(model)
            return open_at(endpoint.routed(name, profile_of(name)))
        first = open_at(endpoint)
        if settings.model_is_named or not endpoint.profile.successors:
            return first
        return SucceededGateway(first, open_successor)

    def open_successor(model: str) -> HttpGateway:
        """The gateway of a model that replaces the default model."""
        name = choice.model_there(model)
        return open_at(replace(endpoint, model=name, profile=profile_of(name)), is_successor=True)

    def open_at(chosen: Endpoint, *, is_successor: bool = False) -> HttpGateway:
        catalogue = None
        if settings.catalogue:
            catalogue = CatalogueFile(catalogue_path(), choice.base_url, chosen.model, lambda: _unix_s(clock))
        return HttpGateway(
            chosen,
            clock,
            transport,
            catalogue=catalogue,
            tokens=tokens,
            doorway=doorway,
            is_successor=is_successor,
        )

    return join_gateways(settings, open_model, clock)


def join_gateways(
    settings: Settings, open_model: Callable[[str], Gateway], clock: Clock
) -> Gateway | Gateways:
    """The gateway of the settings' model, with those of the routes. `open_model` returns the gateway for one model.

    A model that serves several purposes has one gateway, because the gateway's health is that of its model.
    """
    if not settings.routes:
        return open_model(settings.model)
    models = {settings.model, *(route.model for route in settings.routes)}
    opened = {model: open_model(model) for model in sorted(models)}
    asked = dict(opened)
    if second := hedge_model(settings.routes):
        hedging = Hedging(opened[second], clock, share_percent=settings.hedge_share)
        asked = {model: hedging.around(gateway) for model, gateway in opened.items()}
    routed: dict[RoutePurpose, Gateway] = {
        route.purpose: asked[route.model]
        for route in settings.routes
        if route.purpose is not RoutePurpose.HEDGE
    }
    return Gateways(asked[settings.model], routed)


def _routing(settings: Settings) -> Routing:
    return Routing(
        order=settings.provider_order,
        only=settings.provider_only,
        sort=settings.provider_sort,
        zero_data_retention=settings.zero_data_retention,
        no_prompt_training=settings.no_prompt_training,
        fallback_models=settings.fallback_models,
        service_tier=settings.service_tier,
    )


def _unix_s(clock: WallClock) -> float:
    return clock.local_time().timestamp()
