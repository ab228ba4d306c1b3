"""Whatever the environment and the user's file hold: settings, and a model lane or a reason why there is none. Never an error."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gateway.stage import PROMPT
from typethrough.cli.compose import Composition
from typethrough.cli.settings import in_force
from typethrough.core.settings.layers import Layer, Origin
from typethrough.core.settings.schema import SPECS, environment_name
from typethrough.engine.gateways import Gateways
from typethrough.gateway.endpoint import Endpoint
from typethrough.gateway.wire import RequestEncoder

KNOWN = ["AI_GATEWAY_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL", "VERCEL_OIDC_TOKEN"]
PROXIES = ["HTTPS_PROXY", "https_proxy", "NO_PROXY", "ALL_PROXY", "http_proxy"]
OURS = [name for name in map(environment_name, SPECS) if name]
ODD = ["k", "0", "~/x", "/x", "invoked=m 900 ms,hedge=n", "fim", "auto", "true", "openai,\udcff", "Bearer k"]
ADDRESSES = ["https://h.example/v1", "http://127.0.0.1:1/v1", "http://proxy:port", "http://192.168.1.300/v1"]
TEXT = st.text() | st.text("htps:/@[].*,019abc“\"'% \udcff\ud800é=") | st.sampled_from([*ODD, *ADDRESSES])
VALUE = (
    TEXT
    | st.integers()
    | st.floats()
    | st.booleans()
    | st.none()
    | st.just(dt.datetime(2026, 11, 28, tzinfo=dt.UTC))
    | st.lists(TEXT, max_size=3)
    | st.dictionaries(TEXT, TEXT, max_size=2)
)


@settings(max_examples=20)
@given(
    st.dictionaries(st.sampled_from(OURS + KNOWN + PROXIES), TEXT, max_size=6),
    st.dictionaries(st.sampled_from(list(SPECS)), VALUE, max_size=5),
    st.booleans(),
)
def test_whatever_is_set_there_is_a_lane_or_a_reason(
    environment: dict[str, str], user: dict[str, Any], has_key: bool
) -> None:
    environment = {"AI_GATEWAY_API_KEY": "k", **environment} if has_key else environment
    parts = Composition(environment=environment, user_layer=Layer("user file", Origin.USER_FILE, user))
    found, problems = parts.settings()
    choice = parts.endpoint(found)
    said = [choice.why, *choice.notes, *(problem.message for problem in problems), *in_force(found, choice)]
    gateway = parts.gateway(found)
    assert (gateway is not None) == (choice.usable or choice.is_refused)
    if gateway is not None:
        said.append(gateway.refusal())
        assert choice.usable or gateway.refusal() == choice.why
    if gateway is not None and choice.usable:
        endpoint = Endpoint(
            choice.base_url, choice.api_key, choice.model, Gateways.of(gateway).default.profile
        )
        assert endpoint.problem == ""
        assert RequestEncoder(endpoint).body(PROMPT)
    # All of it can be written to any terminal, and in one line each.
    assert all(line.isprintable() for line in said)
    "\n".join(said).encode()
