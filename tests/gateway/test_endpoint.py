from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gateway.stage import KEY, PROMPT, HandClock, endpoint, play
from typethrough.core.models import profile_of
from typethrough.core.settings.halves import address_problem
from typethrough.engine.ports import GatewayError
from typethrough.gateway.connections import WarmTransport, open_transport
from typethrough.gateway.http_gateway import open_gateway
from typethrough.gateway.routing import Routing


@pytest.mark.parametrize(
    "base_url",
    [
        "https://g.example/v1",
        "https://g.example/v1/",
        " https://g.example/v1//\n",
        "https://g.example/v1/chat/completions",
    ],
)
def test_any_way_to_write_the_address_leads_to_chat_completions(base_url: str) -> None:
    place = endpoint(base_url, key=KEY)
    assert str(place.url) == "https://g.example/v1/chat/completions"
    assert place.problem == ""


@pytest.mark.parametrize(
    ("base_url", "key", "says"),
    [
        ("", KEY, "base_url"),
        ("gateway.example/v1", KEY, "base_url"),
        ("ftp://g.example/v1", KEY, "base_url"),
        ("https://", KEY, "base_url"),
        ("https://user:pass@g.example/v1", KEY, "base_url"),
        ("https://g.example/v1?x=1", KEY, "base_url"),
        ("http://[::1/v1", KEY, "base_url"),
        ("https://g.example:port/v1", KEY, "base_url"),
        ("https://g.example/v1", "", "No key"),
        ("https://g.example/v1", "  \n", "No key"),
        ("https://g.example/v1", "kéy", "characters"),
        ("https://g.example/v1", "a b", "characters"),
        ("https://g.example/v1", "a\r\nb: c", "characters"),
        ("http://127.0.0.1:8080/v1", "", ""),
        ("http://localhost:8080/v1", "", ""),
        ("http://[::1]:8080/v1", "", ""),
        ("http://127.0.0.1.evil.example/v1", "", "No key"),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_sent(base_url: str, key: str, says: str) -> None:
    problem = endpoint(base_url, key=key).problem
    assert says in problem
    assert bool(problem) == bool(says)
    assert not key.strip() or key not in problem


def test_the_key_is_not_in_the_representation() -> None:
    assert KEY not in repr(endpoint("https://g.example/v1", key=KEY))


def test_a_model_must_be_set() -> None:
    assert "TYPETHROUGH_MODEL" in endpoint("https://g.example/v1", key=KEY, model=" ").problem


def test_a_routed_model_keeps_address_key_and_promises_and_none_of_the_wishes_for_the_other() -> None:
    promised = Routing(fallback_models=("b",), zero_data_retention=True)
    place = replace(endpoint("https://g.example/v1", key=KEY), routing=promised, prompt_form="fim")
    routed = place.routed("qwen2.5-coder", profile_of("qwen2.5-coder"))
    assert (routed.url, routed.key, routed.model) == (place.url, KEY, "qwen2.5-coder")
    assert routed.routing == Routing(zero_data_retention=True)
    assert (routed.setting, routed.prompt_form) == ("routes", "auto")


_HOSTS = st.text("ab01.-_:[]%@x", max_size=14) | st.from_regex(
    r"[0-9]{1,4}(\.[0-9a-fx]{0,4}){0,4}", fullmatch=True
)


@settings(max_examples=40)
@given(
    st.builds(
        "{}://{}{}".format,
        st.sampled_from(["http", "https", "HTTP"]),
        _HOSTS,
        st.text("/v1?#:.\\é %", max_size=8),
    )
)
def test_an_address_that_passes_means_the_same_host_to_everybody(text: str) -> None:
    base_url = text.rstrip("/")
    if not address_problem(base_url):
        place = endpoint(base_url, key=KEY)
        assert place.problem == ""
        assert place.host == urlsplit(base_url).hostname
        assert (place.url.port or "") == (urlsplit(str(place.url)).port or "")
        assert place.url.path.endswith("/completions")


def test_an_endpoint_with_a_problem_opens_nothing_and_says_why() -> None:
    async def scene() -> None:
        for place in (endpoint("http://192.168.1.300:8080/v1", key=KEY), endpoint("http://[", key=KEY)):
            gateway = open_gateway(place, HandClock())
            assert "`base_url`" in gateway.refusal()
            with pytest.raises(GatewayError, match="base_url"):
                await gateway.stream(PROMPT, lambda _: None)
            await gateway.warm()
            await gateway.aclose()

    play(scene())


@pytest.mark.parametrize(
    ("base_url", "patience_s"), [("http://127.0.0.1:8080/v1", 120.0), ("https://g.example/v1", 15.0)]
)
def test_a_model_on_this_machine_is_given_time_to_read(base_url: str, patience_s: float) -> None:
    transport = open_transport(endpoint(base_url, key=KEY), HandClock())
    assert isinstance(transport, WarmTransport)
    assert transport._read_timeout_s == patience_s
