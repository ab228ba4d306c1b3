"""Which proxy, by curl's rules, and whose fault it is when it does not work."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from fnmatch import fnmatchcase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gateway.stage import KEY, PROMPT, HandClock, Server, Visit, endpoint, play, text_of
from typethrough.cli.compose import Composition
from typethrough.core.settings.layers import Layer, Origin
from typethrough.engine.gateways import Gateways
from typethrough.engine.ports import GatewayError, GatewayUnavailable
from typethrough.gateway.http_gateway import open_gateway
from typethrough.gateway.proxies import DIRECT, Proxy, is_exempt, proxy_for

SECURE, PLAIN, LOCAL = "https://g.example/v1", "http://g.example:8080/v1", "http://127.0.0.1:8080/v1"
ONE, TWO = "http://one.example:3128", "http://two.example:3128"


@pytest.mark.parametrize(
    ("environment", "base_url", "url", "named_by"),
    [
        ({}, SECURE, "", ""),
        ({"https_proxy": ONE}, SECURE, ONE, "https_proxy"),
        ({"HTTPS_PROXY": ONE}, SECURE, ONE, "HTTPS_PROXY"),
        ({"HTTPS_PROXY": TWO, "https_proxy": ONE}, SECURE, ONE, "https_proxy"),
        ({"HTTPS_PROXY": TWO, "https_proxy": " "}, SECURE, TWO, "HTTPS_PROXY"),
        ({"https_proxy": "one.example:3128"}, SECURE, ONE, "https_proxy"),
        ({"https_proxy": "https://me:pa%20ss@one.example"}, SECURE, "https://me:pa%20ss@one.example", "https_proxy"),
        ({"https_proxy": "http://[fd00::1]:3128/"}, SECURE, "http://[fd00::1]:3128/", "https_proxy"),
        ({"http_proxy": ONE}, SECURE, "", ""),
        ({"https_proxy": ONE}, PLAIN, "", ""),
        ({"http_proxy": ONE}, PLAIN, ONE, "http_proxy"),
        ({"HTTP_PROXY": ONE}, PLAIN, ONE, "HTTP_PROXY"),
        ({"HTTP_PROXY": ONE, "REQUEST_METHOD": "GET"}, PLAIN, "", ""),
        ({"HTTP_PROXY": ONE, "ALL_PROXY": TWO, "REQUEST_METHOD": "GET"}, PLAIN, TWO, "ALL_PROXY"),
        ({"http_proxy": ONE, "REQUEST_METHOD": "GET"}, PLAIN, ONE, "http_proxy"),
        ({"HTTPS_PROXY": ONE, "REQUEST_METHOD": "GET"}, SECURE, ONE, "HTTPS_PROXY"),
        ({"all_proxy": ONE}, SECURE, ONE, "all_proxy"),
        ({"ALL_PROXY": ONE}, PLAIN, ONE, "ALL_PROXY"),
        ({"all_proxy": TWO, "HTTPS_PROXY": ONE}, SECURE, ONE, "HTTPS_PROXY"),
        ({"https_proxy": ONE, "no_proxy": "g.example"}, SECURE, "", ""),
        ({"https_proxy": ONE, "NO_PROXY": "g.example"}, SECURE, "", ""),
        ({"https_proxy": ONE, "NO_PROXY": "g.example", "no_proxy": "other"}, SECURE, ONE, "https_proxy"),
        ({"https_proxy": ONE, "no_proxy": ""}, SECURE, ONE, "https_proxy"),
        ({"https_proxy": ONE, "no_proxy": "g.example:443"}, SECURE, "", ""),
        ({"http_proxy": ONE, "no_proxy": "g.example:443"}, PLAIN, ONE, "http_proxy"),
        ({"http_proxy": ONE, "all_proxy": ONE}, LOCAL, "", ""),
        ({"http_proxy": ONE}, "http://localhost:1/v1", "", ""),
        ({"http_proxy": ONE}, "http://[::1]:1/v1", "", ""),
    ],
)  # fmt: skip
def test_which_proxy_is_used_and_who_names_it(
    environment: dict[str, str], base_url: str, url: str, named_by: str
) -> None:
    assert proxy_for(base_url, environment) == Proxy(url, named_by)


@pytest.mark.parametrize(
    ("no_proxy", "exempt", "others"),
    [
        ("", "", "g.example 10.1.2.3"),
        ("*", "g.example 10.1.2.3 ::1 fd00::1", ""),
        # A domain, and what is below it (curl's manual, --noproxy).
        ("local.com", "local.com www.local.com LOCAL.COM", "notlocal.com local.com.evil.example xlocal.com"),
        (".local.com", "local.com www.local.com", "notlocal.com"),
        ("local.com.", "local.com www.local.com", "notlocal.com"),
        ("a.example, b.example", "a.example b.example", "c.example"),
        ("a.example b.example\tc.example", "a.example b.example c.example", "d.example"),
        (",, ,", "", "g.example"),
        ("*.corp.example", "corp.example llm.corp.example a.b.corp.example", "xcorp.example corp.example.evil"),
        ("llm-*.corp.example", "llm-1.corp.example", "corp.example db.corp.example"),
        ("a*b*c.example,**.corp*", "abc.example a-b-b-c.example x.corp", "ac.example ab.example bc.example corp"),
        ("a*a", "aa aba", "a ab"),
        ("192.168.*", "192.168.3.4", "192.169.0.1"),
        # Addresses and networks (curl 7.86 and later).
        ("10.1.2.3", "10.1.2.3", "10.1.2.30 1.2.3"),
        ("2.3", "", "10.1.2.3"),
        ("10.0.0.0/8", "10.1.2.3 10.255.255.255", "11.0.0.1 g.example"),
        ("192.168.1.77/24", "192.168.1.1", "192.168.2.1"),
        ("10.0.0.0/33,10.0.0.0/x,/8,10.0.0.0/", "", "10.1.2.3"),
        ("fd00::/8", "fd00::1 fdab::2", "fe80::1 10.1.2.3"),
        ("[fd00::]/8", "fd00::1", "fe80::1"),
        ("fd00::1", "fd00::1 fd00:0:0:0:0:0:0:1", "fd00::2"),
        ("[fd00::1]", "fd00::1", "fd00::2"),
        # With a port it is that port alone; the port here is 443.
        ("g.example:443", "g.example a.g.example", "h.example"),
        ("g.example:8443", "", "g.example"),
        ("10.1.2.3:443,[fd00::1]:443", "10.1.2.3 fd00::1", "10.1.2.4"),
        ("[fd00::1]:80", "", "fd00::1"),
        ("g.example:", "", "g.example"),
    ],
)  # fmt: skip
def test_what_no_proxy_exempts(no_proxy: str, exempt: str, others: str) -> None:
    hosts = f"{exempt} {others}".split()
    assert [host for host in hosts if is_exempt(host, 443, no_proxy)] == exempt.split()


@given(
    st.text("ab*", max_size=8).filter(lambda entry: "*" in entry.strip("*")),
    st.text("ab", min_size=1, max_size=8),
)
def test_a_pattern_is_read_as_a_shell_reads_it(entry: str, host: str) -> None:
    assert is_exempt(host, 443, entry) is fnmatchcase(host, entry)


def test_a_pattern_of_many_stars_is_read_at_once() -> None:
    # With backtracking this would not end.
    assert not is_exempt(f"{'a' * 60}.corp", 443, f"{'a' * 30}{'*' * 28}b,{'a*' * 28}b")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("http://proxy:port", "HTTPS_PROXY holds no address of a proxy; write it like http://host:3128"),
        ("http://", "holds no address"),
        ("http://10.0.0.300:3128", "holds no address"),
        ("http://proxy:99999", "holds no address"),
        ("http://me:pass/word@proxy:3128", "write / as %2F"),
        ("http://me:p@ss@proxy:3128", "@ as %40"),
        ("http://me:pass/?x@proxy:3128", "HTTPS_PROXY has a sign in its user name or password"),
        ("http://127.0.0.1:8080#pass/@proxy:3128", "# as %23"),
        ("socks5h://me:[pass/@proxy:1080", "[ as %5B"),
        ("http://proxy:3128/path", "holds no address"),
        ("ftp://proxy:3128", "holds no address"),
        ('"http://proxy:3128"', "holds no address"),
        ("http://pröxy:3128", "holds no address"),
        ("socks5://proxy:port", "HTTPS_PROXY holds no address of a proxy; write it like socks5h://host:1080"),
        ("socks5h://", "holds no address"),
        ("socks4://proxy:1080", "The proxy in HTTPS_PROXY is one for SOCKS4"),
        (f"socks5h://me:{'p' * 256}@proxy:1080", "more than 255 bytes"),
    ],
)
def test_a_proxy_that_cannot_be_used_closes_the_model_lane_and_names_its_variable(
    value: str, says: str
) -> None:
    environment = {"HTTPS_PROXY": value, "AI_GATEWAY_API_KEY": KEY}
    parts = Composition(environment=environment, user_layer=Layer("user file", Origin.USER_FILE, {}))
    settings, _ = parts.settings()

    async def scene() -> None:
        gateway = parts.gateway(settings)
        assert gateway is not None
        assert says in gateway.refusal()
        assert "pass/" not in gateway.refusal()
        await gateway.warm()
        with pytest.raises(GatewayError, match="HTTPS_PROXY"):
            await Gateways.of(gateway).default.stream(PROMPT, lambda _: None)
        await gateway.aclose()

    play(scene())


@settings(max_examples=40)
@given(
    st.dictionaries(
        st.sampled_from(["https_proxy", "HTTPS_PROXY", "ALL_PROXY", "no_proxy", "NO_PROXY"]),
        st.text() | st.text("htps:/@[].*,0123abcé% ") | st.sampled_from([ONE, "http://[", "socks5h://x"]),
    )
)
def test_whatever_the_variables_hold_there_is_a_way_or_a_reason(environment: dict[str, str]) -> None:
    proxy = proxy_for(SECURE, environment)
    place = replace(endpoint(SECURE, key=KEY), proxy=proxy)
    assert bool(place.problem) == bool(proxy.problem)
    if proxy.url:
        assert (proxy.host, proxy.port, proxy.speaks) is not None
        assert place.way(HandClock()).proxy == proxy
    assert proxy == DIRECT or proxy.named_by in environment


@given(
    st.sampled_from(["", "http://", "https://", "socks5://", "socks5h://", "socks://"]),
    st.text("abz09:?#[]\\/@%.!;&=") | st.sampled_from(["127.0.0.1:8080#x", "[::1]:80?", "\\\\evil.example/"]),
)
def test_no_login_changes_which_host_a_proxy_is(scheme: str, login: str) -> None:
    proxy = proxy_for(SECURE, {"https_proxy": f"{scheme}{login}@proxy.example:3128"})
    assert proxy.problem or (proxy.host, proxy.port) == ("proxy.example", 3128)


@pytest.mark.parametrize(
    ("setting", "environment", "url"),
    [
        (ONE, {"https_proxy": TWO}, ONE),
        ("none", {"https_proxy": TWO}, ""),
        ("None", {"https_proxy": TWO}, ""),
        ("", {"https_proxy": TWO}, TWO),
        (ONE, {"no_proxy": "g.example"}, ""),
    ],
)
def test_the_setting_stands_above_the_variables_and_below_no_proxy(
    setting: str, environment: dict[str, str], url: str
) -> None:
    assert proxy_for(SECURE, environment, setting).url == url
    assert proxy_for(LOCAL, environment, setting) == DIRECT


def test_a_setting_that_is_no_proxy_is_named() -> None:
    problem = proxy_for(SECURE, {}, "proxy:port").problem
    assert problem.startswith("The setting `proxy` (TYPETHROUGH_PROXY) holds no address of a proxy")


def test_a_proxys_password_is_in_no_representation() -> None:
    proxy = proxy_for(SECURE, {"https_proxy": "http://me:s3c%2Fret@one.example"})
    assert "s3c" not in f"{proxy!r} {proxy}"
    assert "s3c" not in repr(replace(endpoint(SECURE, key=KEY), proxy=proxy))
    assert proxy.password == "s3c/ret"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (
            b"HTTP/1.1 407 s3cret-words\r\nContent-Length: 0\r\n\r\n",
            "wants a user name and a password (HTTP 407)",
        ),
        (
            b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
            "refuses the connection to g.example:443 (HTTP 403)",
        ),
        (b"", "nothing listens there"),
        (b"not http\r\n\r\n", "is no proxy of that kind"),
    ],
)
def test_a_fault_of_the_proxy_is_told_with_its_variable(answer: bytes, says: str) -> None:
    async def refuse(visit: Visit) -> None:
        await visit.request()
        await visit.send(answer)

    async def scene() -> None:
        async with Server(refuse) as server:
            port = server.port
            if not answer:
                port = 1
            proxy = Proxy(f"http://127.0.0.1:{port}", "https_proxy")
            gateway = open_gateway(replace(endpoint(SECURE, key=KEY), proxy=proxy), HandClock())
            with pytest.raises(GatewayUnavailable) as caught:
                await text_of(gateway)
            await gateway.aclose()
        assert says in str(caught.value)
        assert "https_proxy" in str(caught.value)
        assert "s3cret" not in str(caught.value)

    play(scene())


def test_a_proxy_that_wants_a_password_is_named_where_it_passes_requests_on() -> None:
    async def refuse(visit: Visit) -> None:
        await visit.request()
        await visit.send(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        await visit.request()

    async def scene() -> None:
        async with Server(refuse) as server:
            proxy = Proxy(f"http://127.0.0.1:{server.port}", "http_proxy")
            gateway = open_gateway(replace(endpoint(PLAIN, key=KEY), proxy=proxy), HandClock())
            with pytest.raises(GatewayUnavailable, match="http_proxy wants a user name and a password"):
                await Gateways.of(gateway).default.stream(PROMPT, lambda _: None)
            await gateway.aclose()
            await asyncio.sleep(0)

    play(scene())
