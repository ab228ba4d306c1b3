"""The networks that people have, each with a real server on loopback: every way answers, stays warm, and ends at once."""

from __future__ import annotations

import asyncio
import socket as socket_module
import ssl
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from socket import AF_INET, AF_UNIX, SOCK_STREAM, socket
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Self, cast

import pytest

from tests.gateway.proxies import LoopbackProxy
from tests.gateway.stage import (
    CERTIFICATE,
    KEY,
    PROMPT,
    HandClock,
    Server,
    Visit,
    answer_all,
    endpoint,
    first_text_then_silence,
    play,
    server_tls,
    silence,
    text_of,
    until,
)
from typethrough.engine.ports import GatewayError
from typethrough.gateway import certificates
from typethrough.gateway.certificates import Certificates
from typethrough.gateway.connections import WarmTransport
from typethrough.gateway.http_gateway import HttpGateway
from typethrough.gateway.proxies import DIRECT, Proxy
from typethrough.gateway.way import Way

if TYPE_CHECKING:
    from typethrough.gateway.endpoint import Endpoint

LOGIN = "me:s3cr%t/w"
SHOWN = "me:s3cr%25t%2Fw"
EXPIRED = str(Path(__file__).parent / "expired.pem")


def at(server: Server, proxy: Proxy = DIRECT, *, base_url: str = "", trusting: str = CERTIFICATE) -> Endpoint:
    place = endpoint(base_url or server.base_url, key=KEY)
    return replace(place, proxy=proxy, certificates=Certificates(file=trusting))


def opened(place: Endpoint) -> tuple[HttpGateway, WarmTransport]:
    clock = HandClock()
    transport = WarmTransport(place.way(clock), clock)
    return HttpGateway(place, clock, transport), transport


async def fault_at(place: Endpoint) -> str:
    """What a person reads when a request to this place fails."""
    client, _ = opened(place)
    with pytest.raises(GatewayError) as caught:
        await text_of(client)
    await client.aclose()
    said = str(caught.value)
    assert KEY not in said
    assert "s3cr" not in said
    return said


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("login", ["", LOGIN], ids=["open", "login"])
@pytest.mark.parametrize("scheme", ["http", "https", "socks5", "socks5h"])
def test_behind_a_proxy_an_answer_comes_a_spare_stands_ready_and_giving_up_closes_at_once(
    scheme: str, login: str, tls: bool
) -> None:
    async def scene() -> None:
        async def act(visit: Visit) -> None:
            await (first_text_then_silence if visit.number == 2 else answer_all)(visit)

        proxy = LoopbackProxy(scheme, login=login, tls=server_tls() if scheme == "https" else None)
        async with Server(act, tls=server_tls() if tls else None) as server, proxy:
            place = at(server, proxy.proxy(login=SHOWN if login else ""))
            client, transport = opened(place)
            assert await text_of(client) == "x + 1"
            await until(lambda: len(transport._idle) == 2)
            # The second is the spare's, when the first is in use.
            first = transport._take_idle()
            heard: list[str] = []
            asking = asyncio.create_task(client.stream(PROMPT, heard.append))
            await until(lambda: bool(heard))
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            await proxy.tunnels[1].closed.wait()
            assert not proxy.tunnels[0].closed.is_set()
            assert first is not None
            first.link.abort()
            assert {tunnel.target for tunnel in proxy.tunnels} == {f"127.0.0.1:{server.port}"}
            await client.aclose()

    play(scene())


def test_a_proxy_that_sends_requests_on_is_asked_by_the_whole_address_and_sees_the_login_alone() -> None:
    async def scene() -> None:
        async with Server(answer_all) as server, LoopbackProxy("http", login=LOGIN) as proxy:
            client, _ = opened(at(server, proxy.proxy(login=SHOWN)))
            assert await text_of(client) == "x + 1"
            asked = server.visits[0].requests[0]
            assert asked.startswith(b"POST http://127.0.0.1:%d/v1/chat/completions HTTP/1.1" % server.port)
            assert b"Proxy-Authorization: Basic " in asked
            await client.aclose()

    play(scene())


@pytest.mark.parametrize(
    ("scheme", "host", "target"),
    [
        ("socks5h", "gateway.test", "gateway.test"),
        # A name that only the proxy knows is left to it, and one that is known here is not.
        ("socks5", "gateway.invalid", "gateway.invalid"),
        ("socks5", "localhost", "127.0.0.1"),
        ("socks", "gateway.test", "gateway.test"),
        ("http", "gateway.test", "gateway.test"),
    ],
)
def test_who_looks_up_the_gateways_name(scheme: str, host: str, target: str) -> None:
    async def scene() -> None:
        proxy = LoopbackProxy(scheme, hosts={"gateway.test": "127.0.0.1", "gateway.invalid": "127.0.0.1"})
        async with Server(answer_all) as server, proxy:
            client, _ = opened(at(server, proxy.proxy(), base_url=f"http://{host}:{server.port}/v1"))
            assert await text_of(client) == "x + 1"
            assert proxy.tunnels[0].target == f"{target}:{server.port}"
            await client.aclose()

    play(scene())


# Names that Python's codec turns into those of other hosts, or cannot read: with ß, with ς, with a joiner, and a wrong one.
INTERNATIONAL = ["xn--strae-oqa.test", "xn--3xab.test", "xn--10cl1a0b660p.test", "xn--zz-9999.test"]


@pytest.mark.parametrize("host", INTERNATIONAL)
@pytest.mark.parametrize("scheme", ["", "http", "socks5", "socks5h"])
def test_an_international_name_is_looked_up_and_checked_as_it_is_written(
    host: str, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes out (to the name server, to a proxy, in the TLS handshake) is the name of the address, byte for byte."""
    asked, checked = set[bytes](), list[object]()
    look_up = socket_module.getaddrinfo

    def noted(name: str, *rest: Any, **more: Any) -> Any:
        if name == "127.0.0.1":
            return look_up(name, *rest, **more)
        asked.add(name.encode("idna"))
        if scheme == "socks5":
            raise socket_module.gaierror(-2, "only the proxy knows it")
        return look_up("127.0.0.1", *rest, **more)

    monkeypatch.setattr(socket_module, "getaddrinfo", noted)

    async def scene() -> None:
        tls = server_tls()
        tls.sni_callback = lambda _, name, __: checked.append(name)
        proxy = LoopbackProxy(scheme or "http", hosts={host: "127.0.0.1"})
        async with Server(answer_all, tls=tls) as server, proxy:
            way = proxy.proxy() if scheme else DIRECT
            # The test's certificate is for another name.
            said = await fault_at(at(server, way, base_url=f"https://{host}:{server.port}/v1"))
            assert "certificate" in said
            assert host in said
            assert asked == ({host.encode()} if scheme in ("", "socks5") else set())
            assert set(checked) == {host}
            assert {tunnel.target for tunnel in proxy.tunnels} == (
                {f"{host}:{server.port}"} if scheme else set()
            )

    play(scene())


_OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("scheme", "answer", "says"),
    [
        ("http", b"", "closed the connection without an answer"),
        ("http", b"SSH-2.0-OpenSSH\r\n", "is no proxy of that kind (it does not speak HTTP)"),
        ("http", b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000, "is no proxy of that kind (it does not speak HTTP)"),
        ("http", b"\x05\x00", "is no proxy of that kind (it does not speak HTTP)"),
        ("http", b"HTTP/1.1 403 No\r\n\r\n", "refuses the connection to g.test:443 (HTTP 403)"),
        ("http", b"HTTP/1.1 502 No\r\n\r\n", "works, but cannot reach g.test:443"),
        ("http", b"HTTP/1.1 405 No\r\n\r\n", "is no proxy of that kind (HTTP 405)"),
        ("http", b"HTTP/1.1 302 Login\r\nLocation: /\r\n\r\n", "answers with a web page"),
        ("http", _OK + b"Content-Type: text/html\r\n\r\n<html>log in</html>", "answers with a web page"),
        ("http", _OK + b"\r\n<html>log in</html>", "answers with a web page"),
        ("http", b"HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM\r\n\r\n", "Kerberos or NTLM"),
        ("http", b"HTTP/1.1 429 No\r\n\r\n", "refuses the connection to g.test:443 (HTTP 429)"),
        ("http", _OK + b"\r\n", "behind the proxy named by ALL_PROXY ended the connection during the TLS handshake"),
        ("socks5h", b"", "closed the connection without an answer"),
        ("socks5h", b"HTTP/1.1 400 Bad Request\r\n\r\n", "is no proxy of that kind (it does not speak SOCKS5)"),
        ("socks5h", b"\x05\xff", "wants a user name and a password"),
        ("socks5h", b"\x05\x00\x05\x02\x00\x01", "refuses the connection to g.test:443 (SOCKS error 2: its rules)"),
        ("socks5h", b"\x05\x00\x05\x05\x00\x01", "cannot reach g.test:443 (SOCKS error 5: connection refused)"),
        ("socks5h", b"\x05\x00\x05\x63\x00\x01", "cannot reach g.test:443 (SOCKS error 99"),
        ("socks5h", b"\x05\x00\x05\x00", "closed the connection without an answer"),
    ],
)  # fmt: skip
def test_what_a_proxy_answers_is_told_with_the_variable_that_names_it(
    scheme: str, answer: bytes, says: str
) -> None:
    async def scene() -> None:
        async with LoopbackProxy(scheme, answer=answer) as proxy:
            place = replace(endpoint("https://g.test/v1", key=KEY), proxy=proxy.proxy())
            said = await fault_at(place)
            assert says in said
            assert "named by ALL_PROXY" in said

    play(scene())


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (_OK + b"Content-Type: text/html\r\n\r\n<html>log in</html>", "answers with a web page (HTTP 200)"),
        (b"HTTP/1.1 302 Login\r\nContent-Length: 0\r\n\r\n", "answers with a web page (HTTP 302)"),
        (b"HTTP/1.1 503 No\r\nContent-Type: text/html\r\n\r\n<html>", "works, but cannot reach g.test (HTTP 503)"),
        (b"HTTP/1.1 403 No\r\nContent-Type: text/html\r\n\r\n<html>", "refuses the connection to g.test (HTTP 403)"),
        (b"HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\n\r\n<html>", "Kerberos or NTLM (HTTP 407)"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "is no proxy of that kind (it does not speak HTTP)"),
    ],
)  # fmt: skip
def test_what_a_proxy_that_sends_requests_on_says_itself_is_not_taken_for_the_gateways(
    answer: bytes, says: str
) -> None:
    async def scene() -> None:
        async def tell(visit: Visit) -> None:
            await visit.request()
            await visit.send(answer)

        async with Server(tell) as proxy:
            named = Proxy(f"http://127.0.0.1:{proxy.port}", "HTTP_PROXY")
            said = await fault_at(replace(endpoint("http://g.test/v1", key=KEY), proxy=named))
            assert said.startswith("The proxy named by HTTP_PROXY ")
            assert says in said

    play(scene())


@pytest.mark.parametrize("asks", ["proxy", "gateway"])
def test_a_clients_certificate_is_shown_to_the_gateway_and_to_no_proxy(asks: str) -> None:
    async def scene() -> None:
        proxy = LoopbackProxy("https", tls=wants_certificates() if asks == "proxy" else server_tls())
        gateway = Server(answer_all, tls=wants_certificates() if asks == "gateway" else server_tls())
        async with gateway as server, proxy:
            place = at(server, proxy.proxy())
            place = replace(place, certificates=Certificates(CERTIFICATE, client=CERTIFICATE))
            if asks == "proxy":
                await fault_at(place)
                assert not proxy.tunnels
                return
            client, _ = opened(place)
            assert await text_of(client) == "x + 1"
            await client.aclose()

    play(scene())


def test_the_certificate_of_a_proxy_is_told_from_the_gateways() -> None:
    async def scene() -> None:
        async with Server(answer_all) as server, LoopbackProxy("https", tls=server_tls()) as proxy:
            said = await fault_at(at(server, proxy.proxy(), trusting=EXPIRED))
            assert said.startswith("The certificate of the proxy named by ALL_PROXY is not trusted")

    play(scene())


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("scheme", ["http", "socks5h"])
def test_a_wrong_login_is_told_apart_from_none(scheme: str, tls: bool) -> None:
    async def scene() -> None:
        server = Server(answer_all, tls=server_tls() if tls else None)
        async with server, LoopbackProxy(scheme, login=LOGIN) as proxy:
            assert "wants a user name and a password" in await fault_at(at(server, proxy.proxy(login="")))
            said = await fault_at(at(server, proxy.proxy(login="me:s3cret")))
            assert "does not accept the user name and the password" in said
            assert not server.visits

    play(scene())


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
def test_a_proxy_that_breaks_in_mid_stream_is_named(scheme: str) -> None:
    async def scene() -> None:
        async def break_off(visit: Visit) -> None:
            await visit.request()

        async with Server(break_off) as server, LoopbackProxy(scheme) as proxy:
            said = await fault_at(at(server, proxy.proxy()))
            assert said == "The connection to the gateway through the proxy named by ALL_PROXY broke off."

    play(scene())


def test_a_proxy_that_is_down_is_never_passed_by() -> None:
    async def scene() -> None:
        async with Server(answer_all) as server:
            async with LoopbackProxy("socks5h") as proxy:
                down = proxy.proxy()
            said = await fault_at(at(server, down))
            assert said.startswith(
                "The proxy named by ALL_PROXY cannot be reached, because nothing listens there"
            )
            assert "NO_PROXY" in said
            assert not server.visits

    play(scene())


def test_an_ipv6_address_is_an_address() -> None:
    async def scene() -> None:
        async with Server(answer_all, host="::1") as server:
            client, _ = opened(at(server, base_url=f"http://[::1]:{server.port}/v1"))
            assert await text_of(client) == "x + 1"
            assert b"Host: [::1]:%d\r\n" % server.port in server.visits[0].requests[0]
            await client.aclose()

    play(scene())


def test_a_server_without_tls_and_one_with_it_are_told_apart() -> None:
    async def scene() -> None:
        async def refuse(visit: Visit) -> None:
            # What nginx and most others answer to bytes that are no request.
            await visit.reader.read(1)
            await visit.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

        async with Server(refuse) as plain, Server(answer_all, tls=server_tls()) as secure:
            said = await fault_at(at(plain, base_url=f"https://127.0.0.1:{plain.port}/v1"))
            assert "does not speak TLS there: to connect without TLS, write http://" in said
            said = await fault_at(at(secure, base_url=f"http://127.0.0.1:{secure.port}/v1"))
            assert "broke off. If that server wants TLS, write https://" in said

    play(scene())


class SocketServer(Server):
    """The same behind a Unix socket."""

    async def __aenter__(self) -> Self:
        self.path = f"{tempfile.mkdtemp(prefix='tt-')}/llama.sock"
        self._server = await asyncio.start_unix_server(self._visit, self.path)
        return self


@pytest.mark.parametrize("form", ["unix://{0}", "unix://{0}:/v1", "unix://{0}/v1", "http+unix://{1}/v1"])
def test_a_server_behind_a_unix_socket_answers_without_a_key_and_is_kept_warm(form: str) -> None:
    async def scene() -> None:
        async with SocketServer(answer_all) as server:
            place = endpoint(form.format(server.path, server.path.replace("/", "%2F")))
            assert place.problem == ""
            client, transport = opened(place)
            assert await text_of(client) == "x + 1"
            await until(lambda: len(transport._idle) == 2)
            asked = server.visits[0].requests[0]
            assert asked.startswith(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n")
            await client.aclose()

    play(scene())


def test_a_unix_socket_that_is_not_there_or_that_nobody_listens_at_is_told() -> None:
    path = Path(tempfile.mkdtemp(prefix="tt-")) / "left.sock"
    with socket(AF_UNIX) as left:
        left.bind(str(path))
    place = endpoint(f"unix://{path}", key=KEY)

    async def scene(says: str) -> None:
        assert says in await fault_at(place)

    play(scene("nothing listens there"))
    path.unlink()
    play(scene("there is no such socket"))


def test_a_users_headers_stand_in_place_of_ours_and_are_quoted_by_nobody() -> None:
    async def scene() -> None:
        async def tell(visit: Visit) -> None:
            await visit.request()
            told = b'{"error": {"message": "No team called core-infra here."}}'
            await visit.send(b"HTTP/1.1 400 No\r\nContent-Length: %d\r\n\r\n" % len(told) + told)
            await visit.watch()

        async with Server(tell) as server:
            headers = (("X-Team", "core-infra"), ("authorization", "Basic abc"), ("User-Agent", "me"))
            said = await fault_at(replace(at(server), headers=headers))
            assert said == "The gateway refused the request (HTTP 400)."
            asked = server.visits[0].requests[0]
            assert b"X-Team: core-infra\r\nauthorization: Basic abc\r\nUser-Agent: me\r\n" in asked
            assert asked.lower().count(b"authorization") == asked.lower().count(b"user-agent") == 1

    play(scene())


def wants_certificates() -> ssl.SSLContext:
    context = server_tls()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(CERTIFICATE)
    return context


def test_a_server_that_asks_for_a_certificate_is_shown_that_of_the_setting() -> None:
    async def scene() -> None:
        async with Server(answer_all, tls=wants_certificates()) as server:
            place = replace(at(server), certificates=Certificates(CERTIFICATE, client=CERTIFICATE))
            client, _ = opened(place)
            assert await text_of(client) == "x + 1"
            await client.aclose()

    play(scene())


@pytest.mark.parametrize(
    ("certificate", "trusting", "says"),
    [
        (EXPIRED, EXPIRED, "The certificate of 127.0.0.1 is not trusted: it has expired."),
        (CERTIFICATE, EXPIRED, "it is signed by itself"),
        (CERTIFICATE, "", "it is signed by itself"),
        (CERTIFICATE, "/nowhere/ca.pem", "SSL_CERT_FILE names a file that does not exist"),
        (CERTIFICATE, __file__, "SSL_CERT_FILE names a file that holds no certificate in PEM form"),
        (CERTIFICATE, str(Path(__file__).parent), "SSL_CERT_FILE names a file that"),
    ],
)
def test_what_is_wrong_with_a_servers_certificate_is_told(certificate: str, trusting: str, says: str) -> None:
    async def scene() -> None:
        async with Server(answer_all, tls=server_tls(certificate)) as server:
            assert says in await fault_at(at(server, trusting=trusting))
            assert not server.visits

    play(scene())


def test_a_certificate_for_another_name_is_told() -> None:
    async def scene() -> None:
        proxy = LoopbackProxy("http", hosts={"gateway.test": "127.0.0.1"})
        async with Server(answer_all, tls=server_tls()) as server, proxy:
            place = at(server, proxy.proxy(), base_url=f"https://gateway.test:{server.port}/v1")
            said = await fault_at(place)
            assert said.startswith(
                "The certificate of gateway.test is not trusted: it is for another host name"
            )

    play(scene())


def test_a_certificate_that_is_trusted_meanwhile_needs_no_restart(tmp_path: Path) -> None:
    trusted = tmp_path / "ca.pem"
    trusted.write_bytes(Path(EXPIRED).read_bytes())
    right = Path(CERTIFICATE).read_bytes()

    async def scene() -> None:
        async with Server(answer_all, tls=server_tls()) as server:
            place, clock = at(server, trusting=str(trusted)), HandClock()
            client = HttpGateway(place, clock, WarmTransport(place.way(clock), clock))
            with pytest.raises(GatewayError, match="is not trusted"):
                await text_of(client)
            trusted.write_bytes(right)
            clock.advance(10.0)
            assert await text_of(client) == "x + 1"
            await client.aclose()

    play(scene())


@pytest.mark.parametrize(
    ("certificates", "says"),
    [
        (Certificates(folder="/nowhere"), "SSL_CERT_DIR names no folder with certificates"),
        (Certificates(key_log="/nowhere/log"), "SSLKEYLOGFILE names a file that cannot be written"),
        (Certificates(client="/nowhere.pem"), "(TYPETHROUGH_CLIENT_CERTIFICATE) names a file that does not"),
        (Certificates(client=CERTIFICATE, client_key="/nowhere"), "(TYPETHROUGH_CLIENT_KEY) names a file that does not"),
        (Certificates(client=CERTIFICATE, client_key=EXPIRED), "do not belong together"),
        (Certificates(client=__file__), "cannot be read as PEM files"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_used_are_named(certificates: Certificates, says: str) -> None:
    async def scene() -> None:
        said = await fault_at(replace(endpoint("https://127.0.0.1:1/v1", key=KEY), certificates=certificates))
        assert said.startswith("TLS cannot be set up on this machine: ")
        assert says in said

    play(scene())


def test_what_the_system_trusts_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with Server(answer_all, tls=server_tls()) as server:
            assert "is not trusted" in await fault_at(at(server, trusting=""))
            monkeypatch.setattr(certificates, "_STORES", ("/nowhere.pem", CERTIFICATE))
            client, _ = opened(at(server, trusting=""))
            assert await text_of(client) == "x + 1"
            await client.aclose()

    play(scene())


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_on_macos_and_windows_the_systems_own_judgement_counts(
    system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = SimpleNamespace(SSLContext=ssl.SSLContext)
    monkeypatch.setitem(sys.modules, "truststore", cast("Any", trusted))
    monkeypatch.setattr(sys, "platform", system)
    context = Certificates().context()
    # That of truststore, which reads the system's store at each handshake; none is read here.
    assert context.cert_store_stats()["x509_ca"] == 0
    assert context.verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("first", ["is mute", "closes"])
def test_a_first_address_with_no_server_behind_it_is_left_for_the_next(
    first: str, tls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        async def closes(visit: Visit) -> None:
            await visit.reader.read(1)

        context = server_tls() if tls else None
        async with AsyncExitStack() as stack:
            dead = await stack.enter_async_context(
                Server(silence if first == "is mute" else closes, host="127.0.0.2")
            )
            server = await stack.enter_async_context(Server(answer_all, port=dead.port, tls=context))

            async def resolve(host: str, port: int, **_: Any) -> list[Any]:
                return [(AF_INET, SOCK_STREAM, 6, "", (f"127.0.0.{n}", port)) for n in (2, 1)]

            monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
            place = at(server, base_url=f"http{'s' if tls else ''}://localhost:{server.port}/v1")
            clock = HandClock()
            way = Way(place.url, clock, certificates=place.certificates, connect_timeout_s=0.4)
            client = HttpGateway(place, clock, WarmTransport(way, clock))
            if first == "is mute" and not tls:
                asking = asyncio.create_task(client.stream(PROMPT, lambda _: None))
                await until(lambda: any(visit.requests for visit in dead.visits))
                clock.advance(1.0)
                asking.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await asking
            assert await text_of(client) == "x + 1"
            asked = len(dead.visits)
            assert await text_of(client) == "x + 1"
            await client.aclose()
            assert len(dead.visits) == asked

    play(scene())
