"""Headers of the user's own: how they may be written, which are refused, and which hold a secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from typethrough.core.settings.access import endpoint_of, keys_of
from typethrough.core.settings.headers import BadHeaders, Headers, has_login, headers_in, secrets_in
from typethrough.core.settings.layers import Layer, Origin, environment_layer, resolve

TEAM = (("X-Team", "core"),)
BOTH = (("X-Team", "core"), ("api-key", "k-1, 2"))


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        ("", ()),
        ({}, ()),
        ([], ()),
        ({"X-Team": " core "}, TEAM),
        (["X-Team: core"], TEAM),
        ("X-Team: core", TEAM),
        ("X-Team=core", TEAM),
        ('{"X-Team": "core"}', TEAM),
        ("X-Team: core, api-key: k-1, 2", BOTH),
        ("X-Team=core,api-key=k-1, 2", BOTH),
        ("X-Team: core\r\napi-key: k-1, 2\n", BOTH),
        ("X-Where: http://a.example:80/b", (("X-Where", "http://a.example:80/b"),)),
        ("X-Empty:", (("X-Empty", ""),)),
    ],
)  # fmt: skip
def test_headers_are_an_object_a_list_or_a_text(value: object, headers: Headers) -> None:
    assert headers_in(value) == headers


@pytest.mark.parametrize(
    "value",
    [
        3, None, [3], {"X-Team": 3}, "X-Team", "{", '{"X-Team": ["s3cret"]}', {"X Team": "s3cret"}, {"": "s3cret"},
        {"X-Team": "s3cret\r\nX-Evil: 1"}, {"X-Team": "s3cret\n"}, {"X-Team": "s3cret\0"}, {"X-Team": "s3crét"},
        {"X-Team\r\nX-Evil": "1"}, {"X-Team:": "1"}, {"Host": "evil.example"}, {"content-length": "3"},
        {"Transfer-Encoding": "chunked"}, {"CONNECTION": "close"}, {"Proxy-Authorization": "s3cret"},
        {"X-Team": "a", "x-team": "s3cret"}, ["X-Team: a", "X-Team: s3cret"], {"X-Long": "s3cret" * 2000},
        {f"X-{n}": "s3cret" for n in range(60)},
    ],
)  # fmt: skip
def test_what_no_request_may_carry_is_refused_and_not_repeated(value: object) -> None:
    with pytest.raises(BadHeaders) as caught:
        headers_in(value)
    assert "s3c" not in str(caught.value)


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=3) | st.text(max_size=60))
def test_whatever_is_given_no_value_ends_a_line(value: object) -> None:
    try:
        headers = headers_in(value)
    except BadHeaders:
        return
    for name, text in headers:
        assert name.isascii()
        assert not {"\r", "\n", "\0", ":", " "} & set(name)
        assert not {"\r", "\n", "\0"} & set(text)


@pytest.mark.parametrize(
    ("name", "is_login"),
    [("Authorization", True), ("api-key", True), ("X-API-Key", True), ("x-goog-api-key", True), ("Cookie", True),
     ("X-Auth-Token", True), ("X-Team", False), ("User-Agent", False)],
)  # fmt: skip
def test_a_header_that_holds_a_key_takes_the_place_of_one(name: str, is_login: bool) -> None:
    headers = ((name, "s3cret-123"),)
    assert has_login(headers) is is_login
    layer = {"base_url": "https://g.example/v1", "headers": dict(headers)}
    settings, problems = resolve([Layer("user file", Origin.USER_FILE, layer)])
    assert not problems
    choice = endpoint_of(settings, {})
    assert choice.usable is is_login
    assert ("s3cret-123" in keys_of(settings, {})) is (name != "User-Agent")
    assert "s3cret" not in f"{settings!r} {choice!r} {choice.why}"


@pytest.mark.parametrize(
    ("user", "environment", "sent"),
    [
        ({"base_url": "https://a.example/v1", "api_key": "k", "headers": {"X-Team": "core"}}, {}, TEAM),
        # Another address takes nothing along that was given with this one.
        (
            {"base_url": "https://a.example/v1", "api_key": "k", "headers": {"X-Team": "core"}},
            {"TYPETHROUGH_BASE_URL": "https://b.example/v1", "TYPETHROUGH_API_KEY": "k2"},
            (),
        ),
        (
            {
                "base_url": "https://a.example/v1",
                "api_key": "k",
                "headers": {"x-team": "file", "X-Org": "me"},
            },
            {"TYPETHROUGH_BASE_URL": "https://a.example/v2", "TYPETHROUGH_HEADERS": "X-Team: core"},
            (("X-Team", "core"), ("X-Org", "me")),
        ),
        ({"headers": {"X-Team": "core"}}, {"AI_GATEWAY_API_KEY": "k"}, TEAM),
        ({"headers": {"X-Team": "core"}}, {"OPENAI_API_KEY": "k"}, ()),
    ],
)
def test_headers_go_to_the_address_that_they_were_given_with(
    user: dict[str, object], environment: dict[str, str], sent: Headers
) -> None:
    layers = [Layer("user file", Origin.USER_FILE, user), environment_layer(environment)]
    settings, _ = resolve(layers)
    choice = endpoint_of(settings, environment)
    assert choice.usable
    assert choice.headers == sent
    assert any("headers in the user file is for" in note for note in choice.notes) is (not sent)


def test_a_long_value_is_a_secret_whatever_its_name_is() -> None:
    written = {
        "X-Session": "QWERTYUIOPASDFGH",
        "X-Team": "core",
        "Cookie": "a=b",
        "X-Title": "typethrough at Example",
        "HTTP-Referer": "https://example.org",
    }
    assert [*secrets_in(headers_in(written))] == ["QWERTYUIOPASDFGH", "a=b"]
    settings, _ = resolve([Layer("user file", Origin.USER_FILE, {"headers": written})])
    assert keys_of(settings, {}) >= {"QWERTYUIOPASDFGH", "a=b"}


def test_an_editor_gives_no_headers() -> None:
    layer = Layer("configuration", Origin.CONFIGURATION, {"headers": {"X-Team": "core"}})
    settings, (problem,) = resolve([layer])
    assert not settings.access
    assert "cannot be set by an editor" in problem.message
