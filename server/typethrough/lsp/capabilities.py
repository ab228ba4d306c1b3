"""What `initialize` exchanges: what the client can do, where its workspace is, and what we offer in return.

Reads leniently: whatever a client says of things that are not ours, or in a form nobody knows yet, is passed over.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from typethrough import __version__
from typethrough.lsp.convert import ACCEPTED_COMMAND, Encoding, is_integer

INLINE_COMPLETION = "textDocument/inlineCompletion"
COMPLETION = "textDocument/completion"


class Client(NamedTuple):
    """What a client's `initialize` says that matters to us."""

    process_id: int | None
    encoding: Encoding
    inline_completion: bool
    can_pull_configuration: bool
    wants_registration: bool
    options: Any
    roots: tuple[Path, ...]


def client_of(params: dict[str, Any]) -> Client:
    """Read the parameters of `initialize`."""
    process_id = params.get("processId")
    capabilities = params.get("capabilities")
    return Client(
        process_id if is_integer(process_id) and process_id > 0 else None,
        _encoding(_within(capabilities, "general", "positionEncodings")),
        _within(capabilities, "textDocument", "inlineCompletion") not in (None, False),
        bool(_within(capabilities, "workspace", "configuration")),
        _within(capabilities, "workspace", "didChangeConfiguration", "dynamicRegistration") is True,
        params.get("initializationOptions"),
        tuple(path for path in _roots(params) if _is_folder(path)),
    )


def initialize_result(client: Client) -> dict[str, Any]:
    """The result of `initialize`; the completion menu is offered only to a client that has no inline completion."""
    capabilities: dict[str, Any] = {
        "positionEncoding": client.encoding.value,
        "textDocumentSync": {"openClose": True, "change": 2},
        "executeCommandProvider": {"commands": [ACCEPTED_COMMAND]},
    }
    if client.inline_completion:
        # Not the empty object: some clients take it for nothing.
        capabilities["inlineCompletionProvider"] = {"workDoneProgress": False}
    else:
        capabilities["completionProvider"] = {"resolveProvider": False}
    return {
        "capabilities": capabilities,
        "serverInfo": {"name": "typethrough", "version": __version__},
    }


def _within(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _encoding(offered: Any) -> Encoding:
    """The client's first choice that we know; UTF-16 when it names none, as LSP says."""
    known = {encoding.value: encoding for encoding in Encoding}
    names = [name for name in offered if isinstance(name, str)] if isinstance(offered, list) else []
    return next((known[name] for name in names if name in known), Encoding.UTF16)


def _roots(params: dict[str, Any]) -> list[Path]:
    """The workspace's folders, in the newest of the three forms that the client sends."""
    folders = params.get("workspaceFolders")
    uris = [_within(folder, "uri") for folder in folders] if isinstance(folders, list) else []
    paths = [path for uri in uris or [params.get("rootUri")] if (path := _path_of(uri)) is not None]
    root_path = params.get("rootPath")
    if not paths and isinstance(root_path, str) and root_path and "\0" not in root_path:
        paths = [Path(root_path)]
    return paths


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        # Such as a name that is too long: then it is not one that we can read.
        return False


def _path_of(uri: Any) -> Path | None:
    """The path of a local file's URI; None for everything else."""
    if not isinstance(uri, str):
        return None
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    path = unquote(parts.path, errors="surrogateescape")
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not path or "\0" in path:
        return None
    # A Windows path has a drive behind the URI's slash.
    return Path(path.lstrip("/") if os.name == "nt" else path)
