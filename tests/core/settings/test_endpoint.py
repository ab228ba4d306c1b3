"""Which endpoint gets the code, and which key: a key found for one endpoint is never sent to another."""

from __future__ import annotations

import pytest

from typethrough.core.settings.endpoint import EndpointChoice, endpoint_of, is_loopback
from typethrough.core.settings.schema import Settings

GATEWAY = "https://ai-gateway.vercel.sh/v1"
OPENAI = "https://api.openai.com/v1"
NANO = "openai/gpt-4.1-nano"


@pytest.mark.parametrize(
    ("settings", "environment", "expected"),
    [
        (
            {},
            {"AI_GATEWAY_API_KEY": "g", "VERCEL_OIDC_TOKEN": "v", "OPENAI_API_KEY": "o"},
            (GATEWAY, "g", NANO),
        ),
        ({}, {"VERCEL_OIDC_TOKEN": "v", "OPENAI_API_KEY": "o"}, (GATEWAY, "v", NANO)),
        ({}, {"OPENAI_API_KEY": "o"}, (OPENAI, "o", "gpt-4.1-nano")),
        ({"model": "gpt-6-luna"}, {"OPENAI_API_KEY": "o"}, (OPENAI, "o", "gpt-6-luna")),
        (
            {},
            {"OPENAI_API_KEY": "o", "OPENAI_BASE_URL": "https://llm.corp/v1/"},
            ("https://llm.corp/v1", "o", NANO),
        ),
        ({}, {"OPENAI_API_KEY": "o", "OPENAI_BASE_URL": "nonsense"}, ("", "", "")),
        ({}, {"OPENAI_BASE_URL": "https://llm.corp/v1"}, ("", "", "")),
        ({}, {}, ("", "", "")),
        ({}, {"AI_GATEWAY_API_KEY": "  "}, ("", "", "")),
        ({}, {"AI_GATEWAY_API_KEY": "two words", "OPENAI_API_KEY": "o"}, (OPENAI, "o", "gpt-4.1-nano")),
        ({}, {"AI_GATEWAY_API_KEY": " g\n"}, (GATEWAY, "g", NANO)),
        ({"api_key": "k"}, {"AI_GATEWAY_API_KEY": "g"}, (GATEWAY, "k", NANO)),
        ({"base_url": GATEWAY}, {"AI_GATEWAY_API_KEY": "g"}, (GATEWAY, "g", NANO)),
        (
            {"base_url": OPENAI},
            {"AI_GATEWAY_API_KEY": "g", "OPENAI_API_KEY": "o"},
            (OPENAI, "o", "gpt-4.1-nano"),
        ),
        (
            {"base_url": "https://x.example/v1"},
            {"AI_GATEWAY_API_KEY": "g", "OPENAI_API_KEY": "o"},
            ("", "", ""),
        ),
        ({"base_url": "http://ai-gateway.vercel.sh/v1"}, {"AI_GATEWAY_API_KEY": "g"}, ("", "", "")),
        (
            {"base_url": "https://ai-gateway.vercel.sh.evil.example/v1"},
            {"AI_GATEWAY_API_KEY": "g"},
            ("", "", ""),
        ),
        ({"base_url": "https://ai-gateway.vercel.sh:8443/v1"}, {"AI_GATEWAY_API_KEY": "g"}, ("", "", "")),
        ({"base_url": "https://x.example/v1", "api_key": "k"}, {}, ("https://x.example/v1", "k", NANO)),
        ({"base_url": "http://127.0.0.1:9/v1"}, {}, ("http://127.0.0.1:9/v1", "", NANO)),
        (
            {"base_url": "http://127.0.0.1:9/v1"},
            {"AI_GATEWAY_API_KEY": "g"},
            ("http://127.0.0.1:9/v1", "", NANO),
        ),
        ({"base_url": "http://[::1]:9/v1", "api_key": "k"}, {}, ("http://[::1]:9/v1", "k", NANO)),
        ({"model_lane": False, "api_key": "k"}, {"AI_GATEWAY_API_KEY": "g"}, ("", "", "")),
    ],
)
def test_the_endpoint_its_key_and_the_models_name_there(
    settings: dict[str, str], environment: dict[str, str], expected: tuple[str, str, str]
) -> None:
    choice = endpoint_of(Settings(**settings), environment)  # type: ignore[arg-type]  # a table of mixed values
    assert (choice.base_url, choice.api_key, choice.model) == expected
    assert choice.usable == bool(expected[0])


@pytest.mark.parametrize(
    ("settings", "environment", "why"),
    [
        (Settings(), {}, "no key: local lane only"),
        (Settings(base_url="https://x.example/v1"), {}, "no key for x.example: local lane only"),
        (Settings(model_lane=False), {}, "the model lane is off (setting model_lane): local lane only"),
        (Settings(), {"VERCEL_OIDC_TOKEN": "v"}, f"{NANO} at ai-gateway.vercel.sh (VERCEL_OIDC_TOKEN)"),
        (
            Settings(base_url="http://localhost:1/v1"),
            {},
            f"{NANO} at localhost (no key: a loopback address needs none)",
        ),
    ],
)
def test_why_says_in_words_what_was_chosen(settings: Settings, environment: dict[str, str], why: str) -> None:
    assert endpoint_of(settings, environment).why == why


def test_a_key_is_not_in_the_representation_of_a_choice() -> None:
    assert "s3cret" not in repr(EndpointChoice(GATEWAY, "s3cret", NANO, ""))


@pytest.mark.parametrize("host", ["localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "[::1]", "LOCALHOST"])
def test_loopback_addresses_are_known(host: str) -> None:
    assert is_loopback(f"http://{host}:1/v1")


@pytest.mark.parametrize(
    "host", ["localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "[::]", "x"]
)
def test_other_addresses_are_not_loopback(host: str) -> None:
    assert not is_loopback(f"http://{host}:1/v1")
