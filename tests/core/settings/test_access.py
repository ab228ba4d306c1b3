"""Which endpoint gets the code, and which key: a key found for one endpoint is never sent to another."""

from __future__ import annotations

from itertools import product
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from typethrough.core.settings.access import EndpointChoice, endpoint_of, is_loopback, is_same_origin, keys_of
from typethrough.core.settings.halves import address_problem, socket_and_path
from typethrough.core.settings.layers import Layer, Origin, environment_layer, resolve

GATEWAY = "https://ai-gateway.vercel.sh/v1"
OPENAI = "https://api.openai.com/v1"
NANO = "openai/gpt-4.1-nano"
ONE, TWO, HOME = "https://one.example/v1", "https://two.example/v1", "http://127.0.0.1:9/v1"


def choose(user: dict[str, Any], environment: dict[str, str]) -> tuple[EndpointChoice, str]:
    """What is chosen, and every word said about it."""
    layers = [Layer("user file", Origin.USER_FILE, user), environment_layer(environment)]
    settings, problems = resolve(layers)
    choice = endpoint_of(settings, environment)
    said = [choice.why, *choice.notes, *(problem.message for problem in problems)]
    return choice, "\n".join(said)


def url(value: str) -> dict[str, str]:
    return {"TYPETHROUGH_BASE_URL": value}


def key(value: str) -> dict[str, str]:
    return {"TYPETHROUGH_API_KEY": value}


@pytest.mark.parametrize(
    ("user", "environment", "base_url", "api_key", "says"),
    [
        # Nothing set, or one place alone.
        ({}, {}, "", "", "no key: local lane only"),
        ({}, {"AI_GATEWAY_API_KEY": "g", "VERCEL_OIDC_TOKEN": "v", "OPENAI_API_KEY": "o"}, GATEWAY, "g", "AI_GATEWAY_API_KEY"),
        ({}, {"VERCEL_OIDC_TOKEN": "v", "OPENAI_API_KEY": "o"}, GATEWAY, "v", "VERCEL_OIDC_TOKEN"),
        ({}, {"OPENAI_API_KEY": "o"}, OPENAI, "o", "gpt-4.1-nano at api.openai.com (OPENAI_API_KEY)"),
        ({}, {"OPENAI_API_KEY": "o", "OPENAI_BASE_URL": f"{ONE}/"}, ONE, "o", f"{NANO} at one.example"),
        ({}, {"OPENAI_BASE_URL": ONE}, "", "", "no key"),
        ({}, {"AI_GATEWAY_API_KEY": " "}, "", "", "no key"),
        ({}, {"AI_GATEWAY_API_KEY": " g\n"}, GATEWAY, "g", ""),
        ({}, key("k"), GATEWAY, "k", "(TYPETHROUGH_API_KEY)"),
        ({}, url(ONE) | key("k"), ONE, "k", "one.example (TYPETHROUGH_API_KEY)"),
        ({}, url(ONE), "", "", "no key for one.example"),
        ({}, url(HOME), HOME, "", "a loopback address needs none"),
        ({"api_key": "f"}, {}, GATEWAY, "f", "(api_key in the user file)"),
        ({"base_url": ONE, "api_key": "f"}, {}, ONE, "f", ""),
        ({"base_url": ONE}, {}, "", "", "no key for one.example"),
        ({"base_url": "http://[::1]:9/v1", "api_key": "f"}, {}, "http://[::1]:9/v1", "f", ""),
        ({"base_url": "", "api_key": ""}, {"AI_GATEWAY_API_KEY": "g"}, GATEWAY, "g", ""),
        ({"api_key": "f", "model_lane": False}, {"AI_GATEWAY_API_KEY": "g"}, "", "", "the model lane is off"),
        # A key of a well-known variable goes to its own address, whoever names that address.
        ({"api_key": "f"}, {"AI_GATEWAY_API_KEY": "g"}, GATEWAY, "f", ""),
        ({"base_url": GATEWAY}, {"AI_GATEWAY_API_KEY": "g"}, GATEWAY, "g", ""),
        ({"base_url": OPENAI}, {"AI_GATEWAY_API_KEY": "g", "OPENAI_API_KEY": "o"}, OPENAI, "o", "gpt-4.1-nano at"),
        ({}, url(OPENAI) | {"AI_GATEWAY_API_KEY": "g", "OPENAI_API_KEY": "o"}, OPENAI, "o", ""),
        ({"base_url": ONE}, {"AI_GATEWAY_API_KEY": "g", "OPENAI_API_KEY": "o"}, "", "", "no key for one.example"),
        ({"base_url": ONE}, {"OPENAI_API_KEY": "o", "OPENAI_BASE_URL": f"{ONE}/x"}, f"{ONE}", "o", ""),
        ({"base_url": "http://ai-gateway.vercel.sh/v1"}, {"AI_GATEWAY_API_KEY": "g"}, "", "", "no key for"),
        ({"base_url": "https://ai-gateway.vercel.sh.evil.example/v1"}, {"AI_GATEWAY_API_KEY": "g"}, "", "", "no key"),
        ({"base_url": "https://ai-gateway.vercel.sh:8443/v1"}, {"AI_GATEWAY_API_KEY": "g"}, "", "", "no key for"),
        ({"base_url": HOME}, {"AI_GATEWAY_API_KEY": "g"}, HOME, "", ""),
        # Two places: a key stays with the address of its own place.
        ({"base_url": ONE}, key("k"), "", "", "TYPETHROUGH_API_KEY is for ai-gateway.vercel.sh and not sent to one.example"),
        ({"base_url": HOME}, key("k"), HOME, "", "TYPETHROUGH_API_KEY is for ai-gateway.vercel.sh and not sent to 127.0.0.1"),
        ({"base_url": ONE, "api_key": "f"}, key("k"), ONE, "f", "TYPETHROUGH_API_KEY is for"),
        ({"base_url": GATEWAY, "api_key": "f"}, key("k"), GATEWAY, "k", "(TYPETHROUGH_API_KEY)"),
        ({"api_key": "f"}, key("k"), GATEWAY, "k", ""),
        ({"api_key": "f"}, url(TWO), "", "", "api_key in the user file is for ai-gateway.vercel.sh and not sent to two.example"),
        ({"base_url": ONE, "api_key": "f"}, url(TWO), "", "", "give address and key in the same place"),
        ({"base_url": ONE, "api_key": "f"}, url(HOME), HOME, "", "a loopback address needs none"),
        ({"base_url": ONE, "api_key": "f"}, url(f"{ONE}/x"), f"{ONE}/x", "f", ""),
        ({"base_url": ONE, "api_key": "f"}, url(TWO) | key("k"), TWO, "k", ""),
        ({"api_key": "f"}, url(f"{GATEWAY}/"), GATEWAY, "f", ""),
        ({"api_key_command": ["pass"]}, url(TWO), "", "", "api_key in the user file is for ai-gateway.vercel.sh"),
        ({"base_url": TWO, "api_key_command": ["pass"]}, key("k"), "", "", "api_key_command in the user file gave no key"),
        ({"api_key_command": ["pass"]}, {"OPENAI_API_KEY": "o"}, "", "", "api_key_command in the user file gave no key"),
        ({"api_key_command": ["pass"]}, key("k"), GATEWAY, "k", ""),
        # A half that is refused takes the other with it, and what stands below it is not taken instead.
        ({}, url("myhost:8443/v1") | key("k"), "", "", "TYPETHROUGH_BASE_URL must begin with https:// or http://"),
        ({}, url("myhost:8443/v1") | {"AI_GATEWAY_API_KEY": "g"}, "", "", "TYPETHROUGH_BASE_URL must begin"),
        ({"base_url": ONE, "api_key": "f"}, url("myhost:8443/v1"), "", "", "No model is asked until that is mended."),
        ({}, url(f"{ONE}?api-version=1") | key("k"), "", "", "TYPETHROUGH_BASE_URL must end with its path"),
        ({}, url("https://user:pw@one.example/v1") | key("k"), "", "", "must not hold a user name or password"),
        ({}, url("https://one.example:port/v1") | key("k"), "", "", "has a port that is no number from 1 to 65535"),
        ({}, url("http://192.168.1.300:8080/v1") | key("k"), "", "", "has a host that is no IPv4 address"),
        ({}, url(ONE) | key("two words"), "", "", "TYPETHROUGH_API_KEY must be a key"),
        ({"base_url": ONE, "api_key": "f"}, key("two words"), "", "", "TYPETHROUGH_API_KEY must be a key"),
        ({"base_url": 7, "api_key": "f"}, {"AI_GATEWAY_API_KEY": "g"}, "", "", "user file: base_url must begin"),
        ({"base_url": "one.example/v1", "api_key": "f"}, key("k"), "", "", "user file: base_url must begin"),
        ({"base_url": "one.example/v1", "api_key": "f"}, url(TWO) | key("k"), TWO, "k", ""),
        ({"base_url": "one.example/v1", "api_key": "f"}, url(TWO), "", "", "no key for two.example"),
        ({"api_key": "a b", "api_key_command": ["pass"]}, {}, "", "", "user file: api_key must be a key"),
        ({}, {"OPENAI_API_KEY": "o", "OPENAI_BASE_URL": "nonsense"}, "", "", "OPENAI_BASE_URL must begin"),
        ({}, {"AI_GATEWAY_API_KEY": "two words", "OPENAI_API_KEY": "o"}, "", "", "AI_GATEWAY_API_KEY must be a key"),
        ({}, {"OPENAI_API_KEY": "sk-“o"}, "", "", "OPENAI_API_KEY must be a key: one line of visible ASCII"),
        ({"base_url": OPENAI}, {"OPENAI_API_KEY": "o k"}, "", "", "OPENAI_API_KEY must be a key"),
        # What was copied along with a value is left out, and that is said.
        ({}, url(f'"{ONE}"') | key("'k'"), ONE, "k", "TYPETHROUGH_BASE_URL was copied with quotes"),
        ({}, {"OPENAI_API_KEY": "“o”"}, OPENAI, "o", "OPENAI_API_KEY was copied with quotes; it is read without."),
        ({}, {"AI_GATEWAY_API_KEY": "Bearer g"}, GATEWAY, "g", "AI_GATEWAY_API_KEY was copied with the word Bearer"),
        ({}, {"OPENAI_API_KEY": "o", "OPENAI_BASE_URL": f"'{ONE}'"}, ONE, "o", "OPENAI_BASE_URL was copied with quotes"),
        ({"api_key": "«bearer f»"}, {}, GATEWAY, "f", "api_key was copied with quotes and the word Bearer"),
    ],
)  # fmt: skip
def test_the_endpoint_and_the_key_that_goes_there(
    user: dict[str, Any], environment: dict[str, str], base_url: str, api_key: str, says: str
) -> None:
    choice, said = choose(user, environment)
    assert (choice.base_url, choice.api_key) == (base_url, api_key)
    assert choice.usable == bool(base_url)
    assert says in said


USER: list[dict[str, Any]] = [
    {}, {"base_url": ONE}, {"base_url": HOME}, {"base_url": GATEWAY}, {"base_url": "bad:1/v1"},
]  # fmt: skip
USER_KEYS: list[dict[str, Any]] = [{}, {"api_key": "file-key"}, {"api_key": "bad key"}]
OURS = [{}, url(TWO), url(OPENAI), url("bad:1/v1")]
OUR_KEYS = [{}, key("environment-key"), key("bad key")]
KNOWN = [
    {},
    {"AI_GATEWAY_API_KEY": "gateway-key"},
    {"OPENAI_API_KEY": "openai-key"},
    {"OPENAI_API_KEY": "openai-key", "OPENAI_BASE_URL": ONE},
    {"OPENAI_API_KEY": "openai-key", "OPENAI_BASE_URL": "bad:1/v1"},
]


@pytest.mark.parametrize("user", USER)
def test_in_no_combination_does_a_key_leave_its_address(user: dict[str, Any]) -> None:
    for keys, ours, our_key, known in product(USER_KEYS, OURS, OUR_KEYS, KNOWN):
        choice, said = choose(user | keys, ours | our_key | known)
        named = user.get("base_url", "")
        our_named = ours.get("TYPETHROUGH_BASE_URL", "")
        owner = {
            "file-key": named or GATEWAY,
            "environment-key": our_named or GATEWAY,
            "gateway-key": GATEWAY,
            "openai-key": known.get("OPENAI_BASE_URL", OPENAI),
        }
        if choice.api_key:
            assert urlsplit(owner[choice.api_key]).netloc == urlsplit(choice.base_url).netloc
        if our_named or named:
            # Nobody but who names an address says where the code goes, and the highest one does.
            assert choice.base_url in ("", our_named or named)
        if "bad" in str(ours | our_key):
            assert not choice.usable
            assert "TYPETHROUGH_" in choice.why
        assert choice.usable or choice.why.endswith(("; local lane only", ": local lane only"))
        assert not any(secret in said for secret in (*owner, "bad key", "bad:1"))


@bounded(max_examples=40)
@given(
    st.dictionaries(
        st.sampled_from(["base_url", "api_key", "api_key_command", "baseUrl"]), st.text() | st.integers() | st.none()
    ),
    st.dictionaries(
        st.sampled_from(
            ["TYPETHROUGH_BASE_URL", "TYPETHROUGH_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_KEY", "AI_GATEWAY_API_KEY"]
        ),
        st.text() | st.sampled_from([ONE, HOME, f'"{ONE}', "http://[", "http://1.2.3/v1", "k", "‘k’", "\ud800"]),
    ),
)  # fmt: skip
def test_whatever_is_set_there_is_an_endpoint_or_a_reason(
    user: dict[str, Any], environment: dict[str, str]
) -> None:
    choice, _ = choose(user, environment)
    assert choice.usable or choice.why
    assert choice.api_key.isascii()


@pytest.mark.parametrize("environment", [{}, url(TWO) | key("k"), {"AI_GATEWAY_API_KEY": "g"}])
def test_with_a_user_file_that_cannot_be_read_no_model_is_asked(environment: dict[str, str]) -> None:
    # It may exclude files, and it may name another address.
    unread = Layer("user file", Origin.USER_FILE, {}, "user file: is not TOML (at line 1)")
    settings, problems = resolve([unread, environment_layer(environment)])
    choice = endpoint_of(settings, environment)
    assert (choice.usable, choice.is_refused) == (False, True)
    assert choice.why == "user file: is not TOML (at line 1); local lane only"
    assert [problem.message for problem in problems] == [
        "user file: is not TOML (at line 1). No model is asked until that is mended."
    ]


@pytest.mark.parametrize(
    ("environment", "name", "is_well_known"),
    [
        ({"OPENAI_API_KEY": "o"}, "", True),
        ({"OPENAI_API_KEY": "o", "OPENAI_BASE_URL": ONE}, "OPENAI_BASE_URL", True),
        ({"AI_GATEWAY_API_KEY": "g"}, "", True),
        (key("k"), "", False),
        (url(ONE) | key("k"), "TYPETHROUGH_BASE_URL", False),
        (url(OPENAI) | {"OPENAI_API_KEY": "o"}, "TYPETHROUGH_BASE_URL", True),
    ],
)
def test_an_address_that_nobody_set_has_no_name(
    environment: dict[str, str], name: str, is_well_known: bool
) -> None:
    choice, _ = choose({}, environment)
    assert (choice.address_name, choice.is_well_known) == (name, is_well_known)


def test_a_key_is_in_no_representation() -> None:
    environment = key("s3cret") | {"AI_GATEWAY_API_KEY": "s3cret2"}
    settings, _ = resolve([environment_layer(environment)])
    choice = endpoint_of(settings, environment)
    assert "s3cret" not in repr((settings, settings.access, choice))
    assert keys_of(settings, environment) == {"s3cret", "s3cret2"}


@pytest.mark.parametrize("host", ["localhost", "localhost.", "127.0.0.1", "127.9.9.9", "[::1]", "LOCALHOST"])
def test_loopback_addresses_are_known(host: str) -> None:
    assert is_loopback(f"http://{host}:1/v1")


@pytest.mark.parametrize(
    "host", ["localhost.evil.example", "a.localhost", "127.0.0.1.evil.example", "10.0.0.1", "[::]", "x"]
)
def test_other_addresses_are_not_loopback(host: str) -> None:
    assert not is_loopback(f"http://{host}:1/v1")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("unix:///run/llama.sock", ("/run/llama.sock", "/v1")),
        ("unix:/run/llama.sock", ("/run/llama.sock", "/v1")),
        ("UNIX:///run/llama.sock/", ("/run/llama.sock", "/v1")),
        ("unix:///run/llama.sock:/api/v1/", ("/run/llama.sock", "/api/v1")),
        ("unix:///run/llama.sock/api/v1", ("/run/llama.sock", "/api/v1")),
        ("unix:///run/my%20llama", ("/run/my llama", "/v1")),
        ("http+unix://%2Frun%2Fllama.sock/v1", ("/run/llama.sock", "/v1")),
        ("http+unix://%2Frun%2Fllama.sock", ("/run/llama.sock", "/v1")),
        ("http://host/v1", None),
    ],
)
def test_an_address_may_be_a_unix_socket_on_this_machine(text: str, parts: tuple[str, str] | None) -> None:
    assert socket_and_path(text) == parts
    assert address_problem(text) == ""
    assert is_loopback(text) is (parts is not None)


@pytest.mark.parametrize(
    "text",
    [
        "unix://", "unix://llama.sock", "unix://./llama.sock", "http+unix://run/llama.sock", "unix:///run/a b.sock",
        "unix:///run/a.sock:v1", "unix:///run/a.sock:/v1?x=1", f"unix:///{'a' * 107}", "unix:///run/a%00.sock",
    ],
)  # fmt: skip
def test_what_names_no_socket_is_refused(text: str) -> None:
    assert address_problem(text)


def test_a_key_for_one_socket_is_none_for_another() -> None:
    assert is_same_origin("unix:///run/a.sock", "http+unix://%2Frun%2Fa.sock/v1")
    assert not is_same_origin("unix:///run/a.sock", "unix:///run/b.sock")
