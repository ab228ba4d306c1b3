"""The gateways that settings ask for: one a model, over one transport, each with what is its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.gateway.stage import PROMPT
from tests.support.engine_kit import ManualClock, ScriptedGateway
from typethrough.cli.compose import Composition
from typethrough.cli.upstream import join_gateways
from typethrough.core.asking.routes import Route, RoutePurpose
from typethrough.core.settings.layers import Layer, Origin
from typethrough.core.settings.schema import DEFAULTS, Settings
from typethrough.engine.gateways import Gateways
from typethrough.engine.ports import CredentialsRejected

if TYPE_CHECKING:
    from typethrough.engine.ports import Gateway

INVOKED = Route(RoutePurpose.INVOKED, "mini")
BLOCK = Route(RoutePurpose.BLOCK, "mini")
HEDGE = Route(RoutePurpose.HEDGE, "luna")


class Opened:
    """What was opened, by name."""

    def __init__(self) -> None:
        self.models: list[str] = []

    def __call__(self, model: str) -> Gateway:
        self.models.append(model)
        return ScriptedGateway(model)


def test_without_routes_there_is_one_gateway_and_nothing_round_it() -> None:
    opened = Opened()
    assert isinstance(join_gateways(DEFAULTS, opened, ManualClock()), ScriptedGateway)
    assert opened.models == [DEFAULTS.model]


def test_each_model_is_opened_once() -> None:
    opened = Opened()
    gateways = join_gateways(Settings(model="nano", routes=(INVOKED, BLOCK)), opened, ManualClock())
    assert isinstance(gateways, Gateways)
    assert sorted(opened.models) == ["mini", "nano"]
    assert gateways.default.model == "nano"
    assert gateways.chosen(INVOKED) is gateways.chosen(BLOCK)
    assert gateways.default.race() is None


def test_with_a_hedge_every_gateway_that_answers_is_hedged() -> None:
    gateways = join_gateways(Settings(model="nano", routes=(INVOKED, HEDGE)), Opened(), ManualClock())
    assert isinstance(gateways, Gateways)
    for route, model in ((None, "nano"), (INVOKED, "mini")):
        chosen = gateways.chosen(route)
        assert chosen.race() is not None
        assert chosen.model == model


@pytest.mark.parametrize(
    ("environment", "names"),
    [
        ({"OPENAI_API_KEY": "sk-0123456789"}, ["gpt-4.1-mini", "gpt-4.1-nano"]),
        ({"AI_GATEWAY_API_KEY": "vck_0123456789"}, ["openai/gpt-4.1-mini", "openai/gpt-4.1-nano"]),
    ],
)
def test_a_routed_model_is_named_as_the_endpoint_names_it(
    environment: dict[str, str], names: list[str]
) -> None:
    values = {"routes": {"invoked": "openai/gpt-4.1-mini"}}
    composition = Composition(
        environment=environment, user_layer=Layer("user file", Origin.USER_FILE, values)
    )
    settings, problems = composition.settings()
    assert problems == ()

    async def scene() -> None:
        gateways = composition.gateway(settings)
        assert isinstance(gateways, Gateways)
        assert [gateways.chosen(settings.routes[0]).model, gateways.default.model] == names
        assert gateways.chosen(settings.routes[0]).profile.input_price > gateways.default.profile.input_price
        await gateways.aclose()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"TYPETHROUGH_BASE_URL": "http://192.168.1.300:8080/v1"}, "TYPETHROUGH_BASE_URL has a host that is no IPv4 address"),
        ({"OPENAI_API_KEY": "sk-“x"}, "OPENAI_API_KEY must be a key"),
        ({"AI_GATEWAY_API_KEY": "k", "TYPETHROUGH_EXCLUDE": "a\x00b"}, "TYPETHROUGH_EXCLUDE must be a list of texts"),
    ],
)  # fmt: skip
def test_what_was_set_and_cannot_be_used_is_the_reason_at_every_request(
    environment: dict[str, str], says: str
) -> None:
    values = {"routes": {"invoked": "openai/gpt-4.1-mini", "hedge": "openai/gpt-6-luna"}}
    parts = Composition(environment=environment, user_layer=Layer("user file", Origin.USER_FILE, values))
    settings, problems = parts.settings()
    (problem,) = problems
    assert says in problem.message
    assert problem.message.endswith("No model is asked until that is mended.")

    async def scene() -> None:
        gateways = parts.gateway(settings)
        assert isinstance(gateways, Gateways)
        for route in (None, settings.routes[0]):
            assert says in gateways.chosen(route).refusal()
            with pytest.raises(CredentialsRejected, match=says):
                await gateways.chosen(route).stream(PROMPT, lambda _: None)
        await gateways.warm()
        await gateways.aclose()

    asyncio.run(scene())
