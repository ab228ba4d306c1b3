"""Puts the gateways of one endpoint together: one a model, hedged when a route says by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typethrough.core.asking.routes import RoutePurpose, hedge_model
from typethrough.engine.gateways import Gateways

if TYPE_CHECKING:
    from collections.abc import Callable

    from typethrough.core.settings.schema import Settings
    from typethrough.engine.ports import Clock, Gateway


def join_gateways(settings: Settings, open_model: Callable[[str], Gateway], clock: Clock) -> Gateway:
    """The gateway of the model of the settings, with those of their routes. `open_model` gives the gateway of one model.

    A model that serves several purposes has one gateway, since a gateway's health is that of its model.
    """
    if not settings.routes:
        return open_model(settings.model)
    models = {settings.model, *(route.model for route in settings.routes)}
    opened = {model: open_model(model) for model in sorted(models)}
    asked = dict(opened)
    if second := hedge_model(settings.routes):
        from typethrough.gateway.hedge import Hedging

        hedging = Hedging(opened[second], clock, share_percent=settings.hedge_share)
        asked = {model: hedging.around(gateway) for model, gateway in opened.items()}
    routed: dict[RoutePurpose, Gateway] = {
        route.purpose: asked[route.model]
        for route in settings.routes
        if route.purpose is not RoutePurpose.HEDGE
    }
    return Gateways(asked[settings.model], routed)
