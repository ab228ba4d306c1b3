"""The gateways of one endpoint, a model each: the default one, and those that routes name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from typethrough.core.asking.routes import Route, RoutePurpose
    from typethrough.core.models import ModelProfile
    from typethrough.core.prompt.message import Prompt
    from typethrough.engine.ports import Finish, Gateway, OnCounted, Race


class Gateways:
    """A `Gateway` that is the default one, and knows the others. Two purposes of one model share a gateway, and so its health."""

    def __init__(self, default: Gateway, routed: Mapping[RoutePurpose, Gateway] | None = None) -> None:
        self.default = default
        self._routed = dict(routed or {})

    @staticmethod
    def of(gateway: Gateway) -> Gateways:
        """A gateway as one of several, of which there may be one only."""
        return gateway if isinstance(gateway, Gateways) else Gateways(gateway)

    def chosen(self, route: Route | None) -> Gateway:
        """The gateway that a route names; the default one without a route, or when the other would refuse."""
        routed = self._routed.get(route.purpose) if route is not None else None
        return self.default if routed is None or routed.refusal() else routed

    @property
    def model(self) -> str:
        """The default model's name."""
        return self.default.model

    @property
    def profile(self) -> ModelProfile:
        """The default model's profile."""
        return self.default.profile

    def refusal(self) -> str:
        """Why the default model would not be asked, or the empty string."""
        return self.default.refusal()

    async def stream(
        self, prompt: Prompt, on_text: Callable[[str], None], on_counted: OnCounted | None = None
    ) -> Finish:
        """Ask the default model."""
        return await self.default.stream(prompt, on_text, on_counted)

    def race(self) -> Race | None:
        """The default model's."""
        return self.default.race()

    async def warm(self) -> None:
        """Have every gateway make ready; the connection is one for all, which stand behind one address."""
        for gateway in self._all():
            await gateway.warm()

    async def aclose(self) -> None:
        """Close every gateway."""
        for gateway in self._all():
            await gateway.aclose()

    def _all(self) -> list[Gateway]:
        distinct = {id(gateway): gateway for gateway in (self.default, *self._routed.values())}
        return list(distinct.values())
