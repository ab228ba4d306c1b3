"""A token that ends: its successor is taken from the file, goes to one gateway only, and its absence is one clear message."""

from __future__ import annotations

import base64
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.gateway.stage import PROMPT, HandClock, Server, answer_all, endpoint, play, text_of
from typethrough.cli.compose import Composition
from typethrough.core.settings import access as settings_access
from typethrough.core.settings.access import endpoint_of
from typethrough.core.settings.layers import Layer, Origin, resolve
from typethrough.core.settings.schema import DEFAULTS, GATEWAY_BASE_URL
from typethrough.engine.gateways import Gateways
from typethrough.engine.ports import CredentialsRejected, GatewayUnavailable
from typethrough.gateway.connections import open_transport
from typethrough.gateway.http_gateway import HttpGateway
from typethrough.gateway.oidc import TokenSource, expiry_unix_s, later, read_token, token_in
from typethrough.gateway.succession import SucceededGateway
from typethrough.telemetry.logs import Redactor

if TYPE_CHECKING:
    from tests.gateway.stage import Visit
    from tests.support.simulator import Simulator

NOW_S = 1_790_000_000.0


def jwt(end_s: object, **claims: object) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'RS256'})}.{part({'exp': end_s, **claims})}.c2lnbmF0dXJl"


OLD, NEW = jwt(NOW_S - 5, owner="me"), jwt(NOW_S + 40_000)


@pytest.mark.parametrize(
    ("token", "end_s"),
    [
        (NEW, NOW_S + 40_000),
        (jwt(NOW_S, name="ünïcode"), NOW_S),
        (jwt("soon"), None),
        (jwt(True), None),
        (jwt(-1), None),
        (jwt(1e300), None),
        ("a.b.c", None),
        ("a.!!.c", None),
        ("vck_abc", None),
        ("", None),
        (f"x.{base64.urlsafe_b64encode(b'[]').decode()}.y", None),
        (f"x.{base64.urlsafe_b64encode(b'[' * 3_000).decode()}.y", None),
    ],
)
def test_a_token_says_when_it_ends_or_nothing(token: str, end_s: float | None) -> None:
    assert expiry_unix_s(token) == end_s


@pytest.mark.parametrize(
    ("text", "token"),
    [
        (f"{NEW}\n", NEW),
        (f'# Created by Vercel CLI\nOTHER="x"\nVERCEL_OIDC_TOKEN="{NEW}"\nLAST=1\n', NEW),
        (f"VERCEL_OIDC_TOKEN={NEW}", NEW),
        (f"export VERCEL_OIDC_TOKEN='{NEW}'  # for a day\r\n", NEW),
        (f'VERCEL_OIDC_TOKEN="{OLD}"\nVERCEL_OIDC_TOKEN="{NEW}"\n', NEW),
        (f'#VERCEL_OIDC_TOKEN="{OLD}"\n', ""),
        (f'MY_VERCEL_OIDC_TOKEN="{OLD}"\n', ""),
        ('VERCEL_OIDC_TOKEN=""\n', ""),
        ("SECRET=abc\n", ""),
        ("two words\n", ""),
        ("a\nb\n", ""),
        ("", ""),
    ],
)
def test_a_file_is_one_token_or_dotenv_lines(text: str, token: str, tmp_path: Path) -> None:
    assert token_in(text) == token
    (tmp_path / ".env.local").write_text(text)
    assert read_token(tmp_path / ".env.local") == token


def test_a_file_that_cannot_be_read_has_no_token(tmp_path: Path) -> None:
    assert read_token(tmp_path / "none") == read_token(tmp_path) == ""
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00VERCEL")
    assert read_token(tmp_path / "binary") == ""


@pytest.mark.parametrize(
    ("one", "other", "chosen"),
    [
        (OLD, NEW, NEW),
        (NEW, OLD, NEW),
        (OLD, "", OLD),
        ("", NEW, NEW),
        ("opaque", NEW, NEW),
        ("opaque", "x", "opaque"),
    ],
)
def test_the_token_that_ends_later_is_used(one: str, other: str, chosen: str) -> None:
    assert later(one, other) == chosen


def at(
    server_url: str, token: str, file: Path | None, heard: list[str] | None = None
) -> tuple[HttpGateway, HandClock]:
    clock = HandClock()
    place = endpoint(server_url, key=token)
    # The hand clock stands at 1,000 s.
    source = TokenSource(
        file, lambda: NOW_S - 1_000 + clock.now(), (heard if heard is not None else []).append
    )
    return HttpGateway(place, clock, open_transport(place, clock), tokens=source), clock


def bearers(server: Server) -> list[str]:
    """The token of every request, in order of connections."""
    lines = [line for visit in server.visits for request in visit.requests for line in request.split(b"\r\n")]
    return [line.split(b" ")[2].decode() for line in lines if line.lower().startswith(b"authorization:")]


WELCOME = b'{"choices":[{"index":0,"message":{"content":"x"},"finish_reason":"stop"}]}'


class Doorman:
    """A gateway that lets one token in."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.asked = 0

    async def script(self, visit: Visit) -> None:
        while request := await visit.request():
            self.asked += 1
            is_known = f"Bearer {self.token}\r\n".encode() in request
            body = WELCOME if is_known else b'{"error":{"message":"Invalid","type":"authentication_error"}}'
            status = b"200 OK" if is_known else b"401 Unauthorized"
            await visit.send(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n" % (status, len(body)), body)


def test_a_token_that_ends_is_replaced_before_it_is_refused(tmp_path: Path) -> None:
    async def scene() -> None:
        file, heard = tmp_path / "token", list[str]()
        held = jwt(NOW_S + 3_600)
        file.write_text(held)
        async with Server(answer_all) as server:
            gateway, clock = at(server.base_url, held, file, heard)
            await text_of(gateway)
            # An hour later `vercel env pull` has run.
            file.write_text(f'VERCEL_OIDC_TOKEN="{NEW}"\n')
            await text_of(gateway)
            clock.advance(3_600)
            assert await text_of(gateway) == "x + 1"
            assert bearers(server) == [held, held, NEW]
            assert heard == [NEW]
            await gateway.aclose()

    play(scene())


def test_a_token_that_is_refused_is_replaced_and_the_request_sent_again(tmp_path: Path) -> None:
    async def scene() -> None:
        file = tmp_path / "token"
        revoked = jwt(NOW_S + 3_600)
        file.write_text(NEW)
        door = Doorman(NEW)
        async with Server(door.script) as server:
            gateway, _ = at(server.base_url, revoked, file)
            assert await text_of(gateway) == "x"
            assert await text_of(gateway) == "x"
            assert door.asked == 3
            assert gateway.refusal() == ""
            await gateway.aclose()

    play(scene())


def test_without_a_newer_token_there_is_one_message_and_the_file_is_looked_at_again(tmp_path: Path) -> None:
    async def scene() -> None:
        file = tmp_path / "token"
        file.write_text(OLD)
        door = Doorman(NEW)
        async with Server(door.script) as server:
            gateway, clock = at(server.base_url, OLD, file)
            with pytest.raises(CredentialsRejected, match="no newer one: run `vercel env pull`") as caught:
                await text_of(gateway)
            assert "`oidc_token_file` (TYPETHROUGH_OIDC_TOKEN_FILE)" in str(caught.value)
            assert OLD not in str(caught.value)
            assert "Asked again in 3 s." in gateway.refusal()
            with pytest.raises(GatewayUnavailable):
                await text_of(gateway)
            clock.advance(3)
            with pytest.raises(CredentialsRejected):
                await text_of(gateway)
            assert door.asked == 2
            file.write_text(NEW)
            clock.advance(6)
            assert await text_of(gateway) == "x"
            assert gateway.refusal() == ""
            await gateway.aclose()

    play(scene())


def test_a_token_of_the_environment_has_nowhere_to_be_renewed_from() -> None:
    async def scene() -> None:
        door = Doorman(NEW)
        async with Server(door.script) as server:
            gateway, clock = at(server.base_url, OLD, None)
            with pytest.raises(CredentialsRejected, match="`vercel env pull`") as caught:
                await text_of(gateway)
            assert "`oidc_token_file`" in str(caught.value)
            # It was the gateway that was wrong.
            door.token = OLD
            clock.advance(3)
            assert await text_of(gateway) == "x"
            await gateway.aclose()

    play(scene())


def test_a_wrong_clock_here_does_not_keep_a_good_token_back() -> None:
    async def scene() -> None:
        door = Doorman(OLD)
        async with Server(door.script) as server:
            gateway, _ = at(server.base_url, OLD, None)
            assert await text_of(gateway) == "x"
            await gateway.aclose()

    play(scene())


def compose(environment: dict[str, str], **user: Any) -> Composition:
    return Composition(environment=environment, user_layer=Layer("user file", Origin.USER_FILE, user))


def test_the_file_is_read_at_the_start_and_the_new_token_is_kept_out_of_the_log(
    simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env.local"
    # Far beyond any clock's time, for here it is this machine's that counts.
    first, second = jwt(4_000_000_000), jwt(4_000_000_001)
    file.write_text(f'VERCEL_OIDC_TOKEN="{first}"\n')
    monkeypatch.setattr(settings_access, "GATEWAY_BASE_URL", simulator.base_url)
    parts = compose({"VERCEL_OIDC_TOKEN": OLD}, oidc_token_file=str(file), catalogue=False)
    parts._redactor = Redactor()
    settings, problems = parts.settings()
    choice = parts.endpoint(settings)
    assert (problems, choice.is_oidc, choice.api_key) == ((), True, first)

    async def scene() -> None:
        gateway = parts.gateway(settings)
        assert gateway is not None
        simulator.control(key=first)
        assert (await Gateways.of(gateway).default.stream(PROMPT, lambda _: None)).finish_reason == "stop"
        file.write_text(f'VERCEL_OIDC_TOKEN="{second}"\n')
        simulator.control(key=second)
        assert (await Gateways.of(gateway).default.stream(PROMPT, lambda _: None)).finish_reason == "stop"
        await gateway.aclose()

    play(scene())
    assert parts._redactor is not None
    for token in (first, second):
        record = logging.LogRecord("typethrough", logging.INFO, "f", 1, "token %s", (token,), None)
        assert token not in parts._redactor.format(record)


@pytest.mark.parametrize(
    ("user", "environment", "base_url", "key"),
    [
        ({}, {}, GATEWAY_BASE_URL, NEW),
        ({}, {"AI_GATEWAY_API_KEY": "vck_key"}, GATEWAY_BASE_URL, "vck_key"),
        ({"api_key": "own"}, {}, GATEWAY_BASE_URL, "own"),
        ({"base_url": "https://other.example/v1"}, {}, "", ""),
        ({"base_url": "https://other.example/v1", "api_key": "own"}, {}, "https://other.example/v1", "own"),
        ({"base_url": "http://127.0.0.1:9/v1"}, {}, "http://127.0.0.1:9/v1", ""),
    ],
)
def test_the_token_goes_to_vercel_and_to_nobody_else(
    user: dict[str, Any], environment: dict[str, str], base_url: str, key: str, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(NEW)
    parts = compose(environment, oidc_token_file=str(file), **user)
    choice = parts.endpoint(parts.settings()[0])
    assert (choice.base_url, choice.api_key, choice.is_oidc) == (base_url, key, key == NEW)
    if choice.usable:
        gateway = parts.gateway(parts.settings()[0])
        assert isinstance(gateway, SucceededGateway)
        gateway = gateway._first
        assert (gateway._tokens is not None) is (key == NEW)


def test_a_key_that_looks_like_a_token_is_not_taken_for_one() -> None:
    settings, _ = resolve([Layer("user file", Origin.USER_FILE, {"api_key": NEW})])
    choice = endpoint_of(settings, {"VERCEL_OIDC_TOKEN": OLD})
    assert (choice.api_key, choice.is_oidc) == (NEW, False)


@pytest.mark.parametrize(
    "path", ["", ".env.local", "project/.env", "./x", "~user/x", 3, ["/x"], "/a\nb", "/" + "x" * 600]
)
def test_a_path_that_a_project_could_fill_is_one_message_that_names_the_setting(path: object) -> None:
    settings, problems = resolve([Layer("user file", Origin.USER_FILE, {"oidc_token_file": path})])
    assert settings == DEFAULTS
    assert [problem.setting for problem in problems] == ["oidc_token_file"]
    assert "oidc_token_file must be a" in problems[0].message


def test_no_editor_may_point_it_anywhere() -> None:
    for origin in (Origin.CONFIGURATION, Origin.INITIALIZATION_OPTIONS):
        settings, problems = resolve([Layer("editor", origin, {"oidc_token_file": "/project/.env"})])
        assert settings == DEFAULTS
        assert [problem.setting for problem in problems] == ["oidc_token_file"]
    for path in ("~/site/.env.local", str(Path("/srv/token").absolute())):
        settings, problems = resolve([Layer("environment", Origin.ENVIRONMENT, {"oidc_token_file": path})])
        assert (settings.oidc_token_file, problems) == (path, ())


def test_a_file_without_a_token_is_one_message_that_names_the_setting(tmp_path: Path) -> None:
    parts = compose({}, oidc_token_file=str(tmp_path / "none"))
    settings, problems = parts.settings()
    assert [problem.setting for problem in problems] == ["oidc_token_file"]
    assert "`vercel env pull`" in problems[0].message
    assert not parts.endpoint(settings).usable
