"""Chat requests to the simulator as raw bytes, without a client, so that tests can check what was on the wire.

Owns a small true file, questions about it, and functions to take answers apart.
"""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.simulator import Simulator

MODEL = "openai/gpt-4.1-nano"
TRUE_TEXT = '''\
"""Shapes — and their areas in m²."""


def area(width: float, height: float) -> float:
    """Return the area."""
    if width < 0:
        raise ValueError("negative width")
    return width * height


def perimeter(width: float, height: float) -> float:
    total = 2 * (width + height)
    return total
'''


def ask(document: str, **parameters: Any) -> dict[str, Any]:
    """The body of a request about a document whose cursor is `$0`."""
    question = (
        f'<window path="src/shapes.py">\n{document.replace("$0", "<CURSOR>")}\n</window>\nFill in <CURSOR>.'
    )
    messages = [{"role": "system", "content": "Complete code."}, {"role": "user", "content": question}]
    return {"model": MODEL, "messages": messages, "stream": True, **parameters}


def cut(after: str, until: str = "") -> str:
    """The true text with a cursor after the first `after`. The text from there to `until` is removed."""
    at = TRUE_TEXT.index(after) + len(after)
    return TRUE_TEXT[:at] + "$0" + (TRUE_TEXT[TRUE_TEXT.index(until, at) :] if until else "")


IN_AREA = cut("    if width", "\n\n\ndef perimeter")
MISSING = ' < 0:\n        raise ValueError("negative width")\n    return width * height'


def send(simulator: Simulator, body: Any, headers: dict[str, str] | None = None) -> socket.socket:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    extra = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    connection = socket.create_connection(("127.0.0.1", simulator.port), timeout=10)
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {len(raw)}\r\n{extra}\r\n"
    connection.sendall(head.encode() + raw)
    return connection


def post(simulator: Simulator, body: Any, headers: dict[str, str] | None = None) -> bytes:
    """Send a request that asks to close the connection, and return all bytes of the answer."""
    with send(simulator, body, {"connection": "close", **(headers or {})}) as connection:
        return b"".join(iter(lambda: connection.recv(65536), b""))


def chunks(answer: bytes) -> list[bytes]:
    """The chunks of a chunked answer. Fails if the body does not end as the protocol demands."""
    found: list[bytes] = []
    body = answer.partition(b"\r\n\r\n")[2]
    while True:
        size, _, body = body.partition(b"\r\n")
        if size == b"0":
            assert body == b"\r\n"
            return found
        found.append(body[: int(size, 16)])
        assert body[int(size, 16) :][:2] == b"\r\n"
        body = body[int(size, 16) + 2 :]


def events(answer: bytes) -> list[str]:
    text = b"".join(chunks(answer)).decode()
    assert text.endswith("\n\n")
    return text.removesuffix("\n\n").split("\n\n")


def frames(answer: bytes) -> list[dict[str, Any]]:
    return [
        json.loads(event.removeprefix("data: ")) for event in events(answer) if event.startswith("data: {")
    ]


def text_of(answer: bytes) -> str:
    deltas = [choice["delta"] for frame in frames(answer) for choice in frame["choices"]]
    return "".join(delta.get("content", "") for delta in deltas)


def error_of(answer: bytes) -> tuple[int, Any]:
    return int(answer[9:12]), json.loads(answer.partition(b"\r\n\r\n")[2])
