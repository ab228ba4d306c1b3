"""What a routing gateway is asked, on the wire; and promises that are kept or nothing is sent."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.gateway.stage import KEY, PROMPT, HandClock, endpoint, play
from typethrough.cli.compose import Composition
from typethrough.core.settings.layers import Layer, Origin, resolve
from typethrough.core.settings.schema import DEFAULTS, GATEWAY_BASE_URL, SPECS
from typethrough.gateway.error_bodies import ErrorBody
from typethrough.gateway.http_gateway import open_gateway
from typethrough.gateway.routing import Routing
from typethrough.gateway.succession import SucceededGateway
from typethrough.gateway.wire import RequestEncoder

if TYPE_CHECKING:
    from tests.support.simulator import Simulator

VERCEL = endpoint(GATEWAY_BASE_URL, key=KEY)
OTHER = endpoint("https://gateway.example/v1", key=KEY)


def sent(encoder: RequestEncoder) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(encoder.body(PROMPT))
    return body


@pytest.mark.parametrize(
    ("routing", "expected"),
    [
        (
            Routing(order=("azure", "openai")),
            {"providerOptions": {"gateway": {"order": ["azure", "openai"]}}},
        ),
        (Routing(only=("openai",)), {"providerOptions": {"gateway": {"only": ["openai"]}}}),
        (Routing(sort="ttft"), {"providerOptions": {"gateway": {"sort": "ttft"}}}),
        (Routing(fallback_models=("a/b", "c/d")), {"models": ["a/b", "c/d"]}),
        (Routing(service_tier="priority"), {"service_tier": "priority"}),
        (
            Routing(only=("openai",), zero_data_retention=True, no_prompt_training=True),
            {
                "providerOptions": {
                    "gateway": {"only": ["openai"], "zeroDataRetention": True, "disallowPromptTraining": True}
                }
            },
        ),
    ],
)
def test_each_wish_is_on_the_wire(routing: Routing, expected: dict[str, Any]) -> None:
    body = sent(RequestEncoder(replace(VERCEL, routing=routing)))
    assert {name: body[name] for name in expected} == expected


def test_every_wish_goes_over_a_real_socket_and_a_refused_one_is_left_out(simulator: Simulator) -> None:
    routing = Routing(
        order=("azure",),
        only=("azure", "openai"),
        sort="tps",
        fallback_models=("openai/gpt-6-luna",),
        service_tier="flex",
    )

    async def scene() -> None:
        place = replace(endpoint(simulator.base_url), routing=routing)
        gateway = open_gateway(place, HandClock())
        await gateway.stream(PROMPT, lambda _: None)
        simulator.fault("unsupported_parameter", names=["service_tier"])
        await gateway.stream(PROMPT, lambda _: None)
        await gateway.aclose()

    play(scene())
    first, refused, again = (record["parameters"] for record in simulator.log())
    assert first["providerOptions"] == {
        "gateway": {"order": ["azure"], "only": ["azure", "openai"], "sort": "tps"}
    }
    assert (first["models"], first["service_tier"]) == (["openai/gpt-6-luna"], "flex")
    assert refused == first
    assert again == {name: value for name, value in first.items() if name != "service_tier"}


def test_without_wishes_vercel_is_asked_for_the_models_own_provider_whose_cache_is_found_again() -> None:
    assert sent(RequestEncoder(VERCEL))["providerOptions"] == {"gateway": {"order": ["openai"]}}
    unknown = replace(VERCEL, model="someone/model")
    assert "providerOptions" not in sent(RequestEncoder(unknown))


def test_other_gateways_are_sent_nothing_that_nobody_asked_for() -> None:
    assert not {"providerOptions", "models", "service_tier"} & sent(RequestEncoder(OTHER)).keys()
    names = {name.lower() for name, _ in RequestEncoder(OTHER).headers(PROMPT)}
    assert b"x-title" not in names
    assert (b"X-Title", b"typethrough") in RequestEncoder(VERCEL).headers(PROMPT)


@pytest.mark.parametrize("name", ["zero_data_retention", "no_prompt_training"])
def test_a_promise_goes_to_nobody_who_does_not_make_it(name: str) -> None:
    wishes: Any = {name: True}
    routing = Routing(**wishes)
    problem = replace(OTHER, routing=routing).problem
    assert f"`{name}`" in problem
    assert replace(VERCEL, routing=routing).problem == ""


def test_a_promise_is_not_dropped_when_the_gateway_refuses_the_parameter() -> None:
    refusal = ErrorBody(message="Unsupported parameter: providerOptions", parameter="providerOptions")
    free = RequestEncoder(VERCEL)
    assert free.refuse(refusal, PROMPT)
    assert "providerOptions" not in sent(free)
    bound = RequestEncoder(replace(VERCEL, routing=Routing(zero_data_retention=True)))
    assert not bound.refuse(refusal, PROMPT)
    assert sent(bound)["providerOptions"]["gateway"]["zeroDataRetention"] is True


def test_the_settings_reach_the_wire() -> None:
    user = {
        "base_url": GATEWAY_BASE_URL,
        "api_key": KEY,
        "provider_order": ["azure"],
        "provider_only": ["azure", "openai"],
        "provider_sort": "cost",
        "zero_data_retention": True,
        "no_prompt_training": True,
        "fallback_models": ["openai/gpt-6-luna"],
        "service_tier": "flex",
    }
    composition = Composition(environment={}, user_layer=Layer("user file", Origin.USER_FILE, user))
    settings, problems = composition.settings()
    assert problems == ()
    gateway = composition.gateway(settings)
    assert isinstance(gateway, SucceededGateway)
    gateway = gateway._first
    routing = gateway._endpoint.routing
    assert all(getattr(routing, item.name) != item.default for item in fields(routing))
    assert routing.order == ("azure",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("provider_sort", "fastest"),
        ("service_tier", "gold"),
        ("prompt_form", "infill"),
        ("prompt_form", True),
        ("catalogue", "sometimes"),
        ("provider_order", "openai"),
        ("provider_only", [1]),
        ("fallback_models", ["openai/gpt-6-luna", 1]),
        ("zero_data_retention", "yes"),
        ("no_prompt_training", 1),
        ("daily_limit_cents", -1),
    ],
)
def test_a_wrong_value_is_one_message_that_names_the_setting(name: str, value: object) -> None:
    settings, problems = resolve([Layer("user file", Origin.USER_FILE, {name: value})])
    assert [problem.setting for problem in problems] == [name]
    assert name in problems[0].message
    assert getattr(settings, name) == getattr(DEFAULTS, name)


@pytest.mark.parametrize("name", SPECS)
def test_what_no_setting_can_be_is_one_message_for_each_of_them(name: str) -> None:
    settings, problems = resolve([Layer("user file", Origin.USER_FILE, {name: 3.5j})])
    assert [problem.setting for problem in problems] == [name]
    assert name in problems[0].message
    assert replace(settings, access=(), closed="") == DEFAULTS


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in SPECS
        if name.startswith(("provider_", "zero_", "no_prompt", "service", "prompt_form", "catalogue"))
    ],
)
def test_no_project_can_change_who_reads_the_code(name: str) -> None:
    others = {"provider_sort": "cost", "service_tier": "flex", "prompt_form": "chat", "catalogue": False}
    other = others.get(name, True if "provider" not in name else ["x"])
    settings, problems = resolve([Layer("configuration", Origin.CONFIGURATION, {name: other})])
    assert len(problems) == 1
    assert settings == DEFAULTS
