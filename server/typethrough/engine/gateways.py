"""The gateways of one endpoint, one for each model: the default model and those that routes name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typethrough.core.asking.routes import Route, RoutePurpose
    from typethrough.engine.ports import Gateway


class Gateways:
    """The default gateway and the routed ones. Routes with the same model share a gateway, and so its health."""

    def __init__(self, default: Gateway, routed: Mapping[RoutePurpose, Gateway] | None = None) -> None:
        self.default = default
        self._routed = dict(routed or {})
        # Whether connections are opened in advance.
        self.connects = True

    @staticmethod
    def of(gateway: Gateway | Gateways) -> Gateways:
        """Wrap a single gateway as the default one."""
        return gateway if isinstance(gateway, Gateways) else Gateways(gateway)

    def chosen(self, route: Route | None) -> Gateway:
        """The gateway of a route. The default one without a route, or if the route's gateway would refuse."""
        routed = self._routed.get(route.purpose) if route is not None else None
        return self.default if routed is None or routed.refusal() else routed

    def refusal(self) -> str:
        """Why the default model cannot be asked, or the empty string."""
        return self.default.refusal()

    def try_again(self) -> None:
        """The reason why one of them could not be asked may be gone."""
        for gateway in self._all():
            gateway.try_again()

    async def warm(self) -> None:
        """Prepare all gateways. They share one connection, because they have the same address."""
        for gateway in self._all() if self.connects else ():
            await gateway.warm()

    async def aclose(self) -> None:
        """Close every gateway."""
        for gateway in self._all():
            await gateway.aclose()

    def _all(self) -> list[Gateway]:
        distinct = {id(gateway): gateway for gateway in (self.default, *self._routed.values())}
        return list(distinct.values())
