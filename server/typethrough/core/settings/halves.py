"""Rules for addresses and keys, and removal of what people copy along with them.

Each sentence here continues one that begins with the name of the setting or variable. It never repeats the value.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

KEY_RULE = "must be a key: one line of visible ASCII characters, without quotes and spaces"
SOCKET_SCHEME = re.compile(r"(http\+)?unix:(?://)?", re.IGNORECASE)
_MOST_SOCKET_BYTES = 107
_CLOSING_QUOTES = {
    '"': '"', "'": "'", "`": "`", "“": "”“", "”": "”", "„": "“”", "‘": "’‘", "’": "’", "‚": "‘’", "«": "»", "»": "«", "<": ">",
}  # fmt: skip


def usable_key(value: str) -> str:
    """The key without surrounding white space. Empty if it cannot be in an HTTP header."""
    key = value.strip()
    return key if re.fullmatch(r"[!-~]{1,8000}", key) else ""


def unwrapped(value: str) -> tuple[str, str]:
    """A key or an address without what was copied along with it, and what that was: "quotes", "the word Bearer", or "".

    Removed are only quotes at both ends, and the word before a key in an HTTP header. Neither can belong to a key or an
    address.
    """
    text, left_out = value.strip(), list[str]()
    while True:
        if len(text) > 1 and text[-1] in _CLOSING_QUOTES.get(text[0], ""):
            text, found = text[1:-1].strip(), "quotes"
        elif re.match(r"bearer\s", text, re.IGNORECASE):
            text, found = text[len("bearer") :].strip(), "the word Bearer"
        else:
            return text, " and ".join(left_out)
        if found not in left_out:
            left_out.append(found)


def address_problem(text: str) -> str:
    """Why the text cannot be used as an address, as the rest of a sentence that begins with its name. Empty if it can.

    An address that passes can be read in only one way, also by the HTTP client: the host that is checked is the one that is
    asked.
    """
    if SOCKET_SCHEME.match(text):
        return _socket_problem(text)
    if not re.match(r"https?://", text, re.IGNORECASE):
        return "must begin with https:// or http://, such as https://host:8443/v1"
    if not re.fullmatch(r"[!-~]{1,500}", text):
        return "must be one line of at most 500 visible ASCII characters, such as https://host/v1"
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return "has brackets that hold no IPv6 address; write it like http://[::1]:8080/v1"
    if "@" in parts.netloc:
        return "must not hold a user name or password; write it like https://host/v1, and give the key by its own setting"
    if "?" in text or "#" in text:
        return "must end with its path, such as /v1: leave out what begins with ? or #"
    try:
        has_port = parts.port != 0
    except ValueError:
        has_port = False
    if not has_port:
        return "has a port that is no number from 1 to 65535; write it like https://host:8443/v1"
    return _host_problem(host)


def socket_and_path(text: str) -> tuple[str, str] | None:
    """The Unix socket and the path in an address, such as ("/run/llama.sock", "/v1"). None for other addresses."""
    scheme = SOCKET_SCHEME.match(text)
    if scheme is None:
        return None
    rest = text[scheme.end() :]
    if scheme[1]:
        socket, slash, path = rest.partition("/")
        path = slash + path
    else:
        # The socket's path ends at the colon. If the colon is missing, it ends after .sock or .socket.
        split = (
            re.match(r"(.*?\.(?:sock|socket))(/.*)$", rest)
            if ":" not in rest
            else re.match(r"([^:]*):(.*)$", rest)
        )
        socket, path = (split[1], split[2]) if split else (rest, "")
    return unquote(socket), path.rstrip("/") or "/v1"


def _socket_problem(text: str) -> str:
    socket, path = socket_and_path(text) or ("", "")
    if not re.fullmatch(r"[!-~]{1,500}", text) or not socket.startswith("/") or not socket.isprintable():
        return "must name a socket by its whole path, such as unix:///run/llama.sock"
    if len(socket.encode()) > _MOST_SOCKET_BYTES:
        return f"names a socket with a path of more than {_MOST_SOCKET_BYTES} bytes, which no system takes"
    if not re.fullmatch(r"/[^?#]*", path):
        return "must end with the path to ask for, such as unix:///run/llama.sock:/v1: leave out what begins with ? or #"
    return ""


def _host_problem(host: str) -> str:
    if ":" in host:
        version, kind, example = 6, "IPv6", "http://[::1]:8080/v1"
    elif re.fullmatch(r"([0-9]+|0x[0-9a-f]*)\.?", host.rstrip(".").rpartition(".")[2]):
        version, kind, example = 4, "IPv4", "http://192.168.1.30:8080/v1"
    else:
        labels = host.removesuffix(".").split(".")
        fits = len(host) <= 253 and all(re.fullmatch(r"[a-z0-9_-]{1,63}", label) for label in labels)
        return "" if fits else "has a host that is no name; write it like https://host/v1"
    try:
        is_address = ip_address(host).version == version and "%" not in host
    except ValueError:
        is_address = False
    return "" if is_address else f"has a host that is no {kind} address; write it like {example}"
