"""The whole server in networks that people have: text where the network lets it through, and else one message with the cause."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.gateway.proxies import LoopbackProxy
from tests.gateway.stage import CERTIFICATE, KEY, Server, answer_all, server_tls
from tests.gateway.test_networks import SocketServer
from tests.support.lsp_client import LspClient

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
URI = "file:///project/a.py"
TEXT = "def area(width, height):\n    return "


async def served(folder: Path, environment: Mapping[str, str]) -> tuple[str, list[str]]:
    """What a server in this environment shows at the end of the text, and the messages to its user."""
    own = {name: str(folder) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")}
    own |= {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "server"), "TYPETHROUGH_LOCAL_LANE": "no"}
    own |= {"TYPETHROUGH_BUDGET_MS": "5000"}
    client = await LspClient.start([sys.executable, "-m", "typethrough", "--stdio"], {**own, **environment})
    await client.initialize()
    document = {"uri": URI, "languageId": "python", "version": 1, "text": TEXT}
    client.notify("textDocument/didOpen", {"textDocument": document})
    where = {"textDocument": {"uri": URI}, "position": {"line": 1, "character": 11}}
    found = await client.request(
        "textDocument/inlineCompletion", {**where, "context": {"triggerKind": 1}}
    ).value()
    items = found if isinstance(found, list) else (found or {}).get("items", [])
    await client.stop()
    said = [
        one.message["params"]["message"]
        for one in client.recorded
        if not one.sent and one.message.get("method") == "window/showMessage"
    ]
    return items[0]["insertText"] if items else "", said


@pytest.mark.timeout(150)
def test_a_server_lives_in_the_networks_that_people_have(tmp_path: Path) -> None:
    async def scene() -> None:
        proxy, secure = LoopbackProxy("socks5h", login="me:s3cret"), Server(answer_all, tls=server_tls())
        hosts = {"gateway.test": "127.0.0.1"}
        forwards = LoopbackProxy("http", login="me:s3cret", hosts=hosts)
        async with Server(answer_all) as plain, secure, SocketServer(answer_all) as local, proxy, forwards:
            # `hosts` stands in for the proxy's own name server: the name is known to nobody else.
            proxy._hosts = hosts
            far = {
                "TYPETHROUGH_API_KEY": KEY,
                "TYPETHROUGH_BASE_URL": f"http://gateway.test:{plain.port}/v1",
            }
            near = {"TYPETHROUGH_API_KEY": KEY, "TYPETHROUGH_BASE_URL": secure.base_url}
            socks = f"socks5h://me:s3cret@127.0.0.1:{proxy.port}"
            cases: list[tuple[dict[str, str], str]] = [
                ({**far, "ALL_PROXY": socks}, ""),
                ({**far, "all_proxy": socks.replace("5h", "5")}, ""),
                ({**far, "TYPETHROUGH_PROXY": socks, "http_proxy": "http://127.0.0.1:9"}, ""),
                ({**far, "http_proxy": f"http://me:s3cret@127.0.0.1:{forwards.port}"}, ""),
                ({"TYPETHROUGH_BASE_URL": f"unix://{local.path}"}, ""),
                ({**near, "SSL_CERT_FILE": CERTIFICATE, "TYPETHROUGH_HEADERS": "X-Team: core"}, ""),
                ({**far, "HTTP_PROXY": f"http://127.0.0.1:{forwards.port}"}, "The proxy named by HTTP_PROXY wants a user name"),
                ({**far, "all_proxy": socks.replace("s3cret", "oth3r")}, "The proxy named by all_proxy does not accept"),
                ({**far, "ALL_PROXY": "socks5://127.0.0.1:9"}, "The proxy named by ALL_PROXY cannot be reached"),
                ({**near, "SSL_CERT_FILE": "/nowhere/ca.pem"}, "SSL_CERT_FILE"),
                (near, "The certificate of 127.0.0.1 is not trusted"),
                ({**near, "TYPETHROUGH_HEADERS": "Host: evil.example"}, "TYPETHROUGH_HEADERS must not have Host"),
            ]  # fmt: skip
            for number, (environment, says) in enumerate(cases):
                folder = tmp_path / str(number)
                folder.mkdir()
                text, messages = await served(folder, environment)
                assert text.endswith("x + 1") is (not says), (number, text, messages)
                assert len(messages) == bool(says), (number, messages)
                assert all(says in one and "s3c" not in one and KEY not in one for one in messages), messages
            assert b"X-Team: core\r\n" in next(one for one in secure.visits if one.requests).requests[0]

    asyncio.run(scene())
