"""Text synchronisation: didOpen, didChange, didClose, into the engine's own documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typethrough.lsp.convert import InvalidParams, is_integer, range_in, text_of, uri_of

if TYPE_CHECKING:
    from typethrough.engine.engine import Engine
    from typethrough.lsp.convert import Encoding


def did_open(engine: Engine, params: dict[str, Any]) -> None:
    """A document was opened."""
    uri = uri_of(params)
    document = params["textDocument"]
    engine.open(
        uri,
        text_of(document.get("languageId", ""), "textDocument.languageId"),
        _version(document),
        text_of(document.get("text"), "textDocument.text"),
    )


def did_change(engine: Engine, params: dict[str, Any], encoding: Encoding) -> None:
    """A document changed. Each change is read against the text that the one before it left."""
    uri = uri_of(params)
    document = engine.document(uri)
    changes = params.get("contentChanges")
    if not isinstance(changes, list):
        raise InvalidParams("contentChanges must be an array")
    if document is None:
        return
    try:
        for change in changes:
            if not isinstance(change, dict):
                raise InvalidParams("contentChanges must hold objects")
            text = text_of(change.get("text"), "contentChanges.text")
            if change.get("range") is None:
                engine.replace(uri, text)
            else:
                start, end = range_in(document.snapshot, change["range"], encoding, "contentChanges.range")
                engine.edit(uri, start, end, text)
    finally:
        # Even when a later change was malformed, the earlier ones are in: what was asked of the old text is moot.
        engine.changed(uri, _version(params["textDocument"]))


def did_close(engine: Engine, params: dict[str, Any]) -> None:
    """A document was closed."""
    engine.close(uri_of(params))


def _version(document: dict[str, Any]) -> int:
    version = document.get("version")
    return version if is_integer(version) else 0
