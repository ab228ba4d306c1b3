"""A client that says what no client should, to the real process: no crash, no hang, no leak, and a clear word of what is bad."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.soak.raw_client import RawClient, frame, notification, request
from tests.support import simulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

URI: Final = "file:///project/a.py"
INLINE: Final = "textDocument/inlineCompletion"
NOT_INITIALIZED, INVALID_REQUEST, PARSE_ERROR = -32002, -32600, -32700
JUNK: Final[tuple[Any, ...]] = (None, True, 3, -1, 2**64, 1.5, "x", [], [1], {}, {"uri": 3}, {"line": "x"})


def place(line: int = 0, character: int = 0, uri: str = URI, **context: Any) -> dict[str, Any]:
    return {
        "textDocument": {"uri": uri},
        "position": {"line": line, "character": character},
        "context": {"triggerKind": 2, **context},
    }


def change(version: Any, text: str, where: Any = None, uri: str = URI) -> bytes:
    one = {"text": text} if where is None else {"text": text, "range": where}
    document = {"uri": uri, "version": version}
    return notification("textDocument/didChange", {"textDocument": document, "contentChanges": [one]})


def at(line: int, character: int) -> dict[str, Any]:
    spot = {"line": line, "character": character}
    return {"start": spot, "end": spot}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[RawClient]:
    """A client whose server, at the end, has logged no failure of its own."""
    with RawClient(tmp_path) as client:
        yield client
        log = client.log.read_text()
        assert "Traceback" not in log
        assert "failed" not in log
        assert "CRITICAL" not in log


def alive(client: RawClient) -> None:
    """The server still answers, and ends in order."""
    assert "result" in client.ask("alive", "typethrough/why")
    assert client.end() == 0


def answered(client: RawClient, count: int) -> None:
    """Wait for so many answers beside that to `initialize`."""
    client.until(lambda: sum("method" not in one for one in client.messages) > count, 120.0)


def codes(client: RawClient) -> list[int]:
    return [one["error"]["code"] for one in client.messages if "error" in one]


def test_before_initialize_it_waits_and_says_so(client: RawClient) -> None:
    client.send(request(1, INLINE, place()), notification("textDocument/didOpen", {}), request(2, "shutdown"))
    client.until(lambda: len(client.messages) == 2)
    assert codes(client) == [NOT_INITIALIZED] * 2
    client.begin()
    alive(client)


def test_what_is_said_of_unknown_documents_is_passed_over(client: RawClient) -> None:
    client.begin()
    client.send(change(2, "x"))
    for method in ("textDocument/didClose", "textDocument/didSave", "textDocument/didFocus"):
        client.send(notification(method, {"textDocument": {"uri": URI}}))
    assert client.ask(1, INLINE, place())["result"] is None
    alive(client)


@pytest.mark.parametrize("versions", [(9, 3, -5, 3), (0, 10**12, "x", None), (2**70, 1.5, [], {})])
def test_versions_may_jump_back(client: RawClient, versions: tuple[Any, ...]) -> None:
    client.begin()
    client.open(URI, "a = 1\n")
    client.send(*(change(version, "b") for version in versions))
    assert "result" in client.ask(1, INLINE, place(0, 1))
    alive(client)


@pytest.mark.parametrize("edits", [False, True])
def test_ten_thousand_requests_at_once_get_an_answer_each(client: RawClient, edits: bool) -> None:
    client.begin()
    client.open(URI, "import os\nprint(os.path)\nprint(\n")
    for number in range(10_000):
        client.send((change(number, "x", at(2, 6)) if edits else b"") + request(number, INLINE, place(2, 6)))
    answered(client, 10_000)
    ids = [one["id"] for one in client.messages if "method" not in one and one["id"] != "begin"]
    assert sorted(ids) == list(range(10_000))
    alive(client)


def test_a_client_that_stops_reading_is_given_up(client: RawClient) -> None:
    client.begin()
    client.reads = False
    client.send(*(request(f"{number}{'i' * 1_000_000}", "no/such") for number in range(100)))
    assert client.exit_code(60.0) == 1


@pytest.mark.parametrize(
    "half", [b"Content-Len", b"Content-Length: 100\r\n\r\n{}", b"", b"Content-Length: 1\r\n"]
)
def test_half_a_message_at_the_end_is_an_end_like_any(client: RawClient, half: bytes) -> None:
    client.begin()
    client.send(half)
    client.close_stdin()
    assert client.exit_code() == 1


@pytest.mark.parametrize(
    "noise",
    [
        b"Content-Length: 999999999\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        bytes(range(256)) * 1_000,
    ],
)
def test_what_is_no_lsp_ends_it_with_one_line_in_the_log(client: RawClient, noise: bytes) -> None:
    client.begin()
    client.send(noise)
    assert client.exit_code() == 1
    assert client.log.read_text().count("the client's stream is broken") == 1


@pytest.mark.parametrize("text", ["x = 1\n" * 17_000_000, "x" * 100_000_000], ids=["short lines", "one line"])
def test_a_document_of_100_megabytes_is_passed_over(client: RawClient, text: str) -> None:
    client.begin()
    client.open(URI, text)
    assert client.ask(1, INLINE, place(5, 1), 60.0)["result"] is None
    client.send(change(2, "y", at(5, 0)))
    assert client.ask(2, INLINE, place(5, 1))["result"] is None
    assert client.rss_mib() < 700
    client.open(URI, "short = 1\nprint(\n")
    assert client.ask(3, INLINE, place(1, 6))["result"] is not None
    assert client.log.read_text().count("is passed over") == 1
    alive(client)


def test_a_paste_of_100_megabytes_is_passed_over(client: RawClient) -> None:
    client.begin()
    client.open(URI, "a = 1\n")
    client.send(change(2, "x = 1\n" * 17_000_000, at(0, 0)))
    assert client.ask(1, INLINE, place(0, 1), 60.0)["result"] is None
    alive(client)


def test_an_unknown_request_of_100_megabytes_is_refused(client: RawClient) -> None:
    client.begin()
    assert "error" in client.ask(1, "no/such", {"a": "x" * 100_000_000}, 60.0)
    alive(client)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", PARSE_ERROR),
        (b"[" * 200_000, PARSE_ERROR),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, PARSE_ERROR),
        (b'{"id":1,"method":"x","params":{"a":' + b"9" * 100_000 + b"}}", PARSE_ERROR),
        (b'{"id":1,"method":"\xff\xfe"}', PARSE_ERROR),
        (b"\xff\xfe{\0}\0", PARSE_ERROR),
        (b"[]", INVALID_REQUEST),
        (b'[{"jsonrpc":"2.0","id":1,"method":"x"}]', INVALID_REQUEST),
        (b"3", INVALID_REQUEST),
        (b"null", INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":1.5,"method":"x"}', INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":null,"method":"x"}', INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":{},"method":"x"}', INVALID_REQUEST),
    ],
    ids=lambda value: repr(value[:20]) if isinstance(value, bytes) else None,
)
def test_what_is_no_message_is_refused_and_the_next_one_read(
    client: RawClient, body: bytes, code: int
) -> None:
    client.begin()
    client.send(frame(body))
    client.until(lambda: bool(client.replies(None)))
    assert codes(client) == [code]
    alive(client)


def test_ids_are_echoed_as_they_came(client: RawClient) -> None:
    client.begin()
    for message_id in (0, -1, 2**200, "", "1", "\ud800", "i" * 100_000):
        assert "error" in client.ask(message_id, "no/such")
    client.open(URI, "print(\n")
    client.send(*(request("same", INLINE, place(0, 6)) for _ in range(50)))
    client.until(lambda: len(client.replies("same")) == 50)
    alive(client)


def test_half_a_surrogate_pair_is_text_like_any(client: RawClient) -> None:
    client.begin()
    uri = "file:///project/\ud800.py"
    client.open(uri, "x = '\ud83d'\nprint(x\udc00)\nprint(\n")
    for line in range(3):
        for character in range(12):
            assert "result" in client.ask(f"{line}.{character}", INLINE, place(line, character, uri))
    client.send(frame('{"jsonrpc":"2.0","id":77,"method":"\ud800"}'.encode("utf-8", "surrogatepass")))
    client.until(lambda: bool(client.replies(77)))
    alive(client)


def test_a_cancel_of_what_is_not_under_way_is_passed_over(client: RawClient) -> None:
    client.begin()
    client.send(*(notification("$/cancelRequest", {"id": junk}) for junk in JUNK))
    client.send(notification("$/cancelRequest"), notification("$/cancelRequest", []))
    alive(client)


def test_wrong_types_are_refused_once_each(client: RawClient) -> None:
    client.begin()
    client.open(URI, "a\n")
    names = (
        "textDocument",
        "notebookDocument",
        "changes",
        "contentChanges",
        "settings",
        "event",
        "files",
        "item",
        "value",
    )
    for method in (
        "textDocument/didOpen",
        "textDocument/didChange",
        "textDocument/didClose",
        "textDocument/didSave",
        "textDocument/didFocus",
        "textDocument/didShowCompletion",
        "textDocument/didPartiallyAcceptCompletion",
        "notebookDocument/didOpen",
        "notebookDocument/didChange",
        "workspace/didChangeConfiguration",
        "workspace/didChangeWorkspaceFolders",
        "workspace/didChangeWatchedFiles",
        "workspace/didRenameFiles",
        "typethrough/dismissed",
        "$/setTrace",
    ):
        for junk in JUNK:
            client.send(notification(method, junk), notification(method, dict.fromkeys(names, junk)))
            document = {"uri": URI, "version": junk, "text": junk, "languageId": junk}
            changes = [{"range": junk, "text": junk}]
            client.send(notification(method, {"textDocument": document, "contentChanges": changes}))
    asked: list[str] = []
    for method in (
        INLINE,
        "initialize",
        "typethrough/why",
        "typethrough/switch",
        "workspace/executeCommand",
        "getCompletions",
        "textDocument/completion",
    ):
        for junk in JUNK:
            for params in (
                junk,
                {"textDocument": junk, "position": junk, "context": junk, "doc": junk},
                place(junk, junk, triggerKind=junk, selectedCompletionInfo=junk),
                {"command": junk, "arguments": junk, "scope": junk, "value": junk},
            ):
                asked.append(f"w{len(asked)}")
                client.send(request(asked[-1], method, params))
    answered(client, len(asked))
    assert {message_id: len(client.replies(message_id)) for message_id in asked[::37]} == dict.fromkeys(
        asked[::37], 1
    )
    alive(client)


def test_places_outside_the_text_are_the_nearest_inside(client: RawClient) -> None:
    client.begin()
    client.open(URI, "a = 1\r\nüb = 2\r\n\r\n")
    for line, character in ((-1, 0), (0, -1), (10**9, 0), (0, 10**9), (2**70, 2**70)):
        assert "result" in client.ask(f"{line},{character}", INLINE, place(line, character))
    backwards = {"start": {"line": 9, "character": 9}, "end": {"line": 0, "character": 0}}
    odd: list[Any] = [backwards, at(-9, -9), at(2**40, 2**40), [{"line": 0, "character": 0}], {"start": {}}]
    for where in odd:
        client.send(change(3, "z", where))
    alive(client)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "untitled:1",
        "\n",
        "file:///a\0b.py",
        "file:///%00%ff%2e%2e/..//..",
        "file:///" + "x" * 1_000_000,
        "C:\\x.py",
        "http://[::1",
        "git:/a.py?{}",
        "file:///proc/self/mem",
        "file:///dev/zero",
        "vscode-notebook-cell:/a#x",
    ],
    ids=lambda uri: repr(uri[:30]),
)
def test_any_uri_names_a_document(client: RawClient, uri: str) -> None:
    client.begin()
    client.open(uri, "a = 1\nprint(\n")
    assert "result" in client.ask(1, INLINE, place(1, 6, uri))
    client.send(change(2, "bb", uri=uri))
    for method in ("textDocument/didFocus", "textDocument/didSave", "textDocument/didClose"):
        client.send(notification(method, {"textDocument": {"uri": uri}}))
    alive(client)


def test_three_thousand_documents_are_opened_asked_in_and_closed(client: RawClient) -> None:
    client.begin()
    uris = [f"file:///project/{number}.py" for number in range(3_000)]
    for uri in uris:
        client.open(uri, "import os\n\ndef f(a, b):\n    return a + b\n" * 20)
    client.send(*(request(number, INLINE, place(3, 17, uri)) for number, uri in enumerate(uris)))
    answered(client, len(uris))
    for uri in uris:
        client.send(notification("textDocument/didClose", {"textDocument": {"uri": uri}}))
    alive(client)


@pytest.mark.parametrize("params", [None, 3, [], {"processId": "x"}, {"rootUri": 3, "workspaceFolders": "x"}])
def test_an_odd_introduction_is_answered(client: RawClient, params: Any) -> None:
    client.ask("odd", "initialize", params)
    with suppress(AssertionError):
        # Where it was refused, the client may try again.
        client.begin()
    alive(client)


def test_a_document_may_be_opened_again_and_again(client: RawClient) -> None:
    client.begin()
    for number in range(200):
        client.open(URI, "print(\n" * number)
        client.send(request(number, INLINE, place(0, 6)))
    answered(client, 200)
    alive(client)


@pytest.mark.parametrize("first", [b"", request("begin", "initialize", {"capabilities": {}})])
def test_exit_without_goodbye_is_told_by_the_exit_code(client: RawClient, first: bytes) -> None:
    client.send(first, notification("exit"))
    assert client.exit_code() == 1


def test_after_shutdown_requests_are_refused_and_what_waits_is_answered(client: RawClient) -> None:
    client.begin()
    client.open(URI, "print(\n")
    client.send(*(request(number, INLINE, place(0, 6)) for number in range(5)))
    client.send(request("bye", "shutdown"), request("late", INLINE, place()), request("again", "shutdown"))
    client.send(change(2, "x"), notification("exit"))
    assert client.exit_code() == 0
    client.until(lambda: client.ended)
    assert [client.replies(name)[0]["error"]["code"] for name in ("late", "again")] == [INVALID_REQUEST] * 2
    assert [len(client.replies(number)) for number in range(5)] == [1] * 5


def test_shutdown_in_the_middle_of_a_stream_ends_it(tmp_path: Path) -> None:
    with simulator.start(latency="none") as gateway:
        gateway.fault("stall_mid")
        environment = {
            "TYPETHROUGH_BASE_URL": gateway.base_url,
            "TYPETHROUGH_API_KEY": "k",
            "TYPETHROUGH_LOCAL_LANE": "false",
        }
        with RawClient(tmp_path, environment=environment) as client:
            client.begin()
            client.open(URI, "def add(one, two):\n    return ")
            client.send(request(1, INLINE, place(1, 11, triggerKind=1)))
            client.until(lambda: bool(gateway.log()))
            gateway.wait("stalled", 1)
            assert client.end() == 0
            assert len(client.replies(1)) == 1
        gateway.wait("disconnect", 1)


def test_a_client_that_closes_its_ear_ends_it(client: RawClient) -> None:
    client.begin()
    client.close_stdout()
    client.send(*(request(number, "no/such") for number in range(10)))
    assert client.exit_code() == 1


@pytest.mark.parametrize("end", ["goodbye", "reset", "noise"])
def test_over_tcp_a_second_client_is_refused_and_the_first_served(tmp_path: Path, end: str) -> None:
    with RawClient(tmp_path, tcp=True) as client:
        client.begin()
        with suppress(ConnectionError):
            other = client.connect()
            assert other.recv(1) == b""
            other.close()
        client.open(URI, "print(\n")
        assert "result" in client.ask(1, INLINE, place(0, 6))
        if end == "goodbye":
            assert client.end() == 0
        elif end == "reset":
            client.reset()
            assert client.exit_code() == 1
        else:
            client.send(b"\xff" * 100_000)
            assert client.exit_code() == 1
        assert "Traceback" not in client.log.read_text()
