"""Readers for fields of plain JSON. The messages that come with each keystroke are read with them, not with lsprotocol.

Each reader raises `InvalidParams` if a field has the wrong type. Its text names the field, never the value.
"""

from __future__ import annotations

from typing import Any, TypeGuard


class InvalidParams(Exception):
    """The parameters of a message do not follow the protocol. `str()` names the field."""


def is_integer(value: Any) -> TypeGuard[int]:
    """Whether the value is a JSON integer. `true` is not, although Python's `bool` is an `int`."""
    return isinstance(value, int) and not isinstance(value, bool)


def text_of(value: Any, field: str) -> str:
    """The string. Raises InvalidParams."""
    if not isinstance(value, str):
        raise InvalidParams(f"{field} must be a string")
    return value


def uri_of(params: Any) -> str:
    """The URI in `params.textDocument`. Raises InvalidParams."""
    document = params.get("textDocument") if isinstance(params, dict) else None
    if not isinstance(document, dict):
        raise InvalidParams("textDocument must be an object")
    return text_of(document.get("uri"), "textDocument.uri")


def version_of(document: dict[str, Any]) -> int:
    """The version that the client gives a document. 0 if it gives none."""
    version = document.get("version")
    return version if is_integer(version) else 0


def object_of(value: Any, field: str) -> dict[str, Any]:
    """The object. Raises InvalidParams."""
    if not isinstance(value, dict):
        raise InvalidParams(f"{field} must be an object")
    return value


def array_of(value: Any, field: str) -> list[Any]:
    """The array. If there is none, an empty one. Raises InvalidParams."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise InvalidParams(f"{field} must be an array")
    return value


def count_of(value: Any, field: str) -> int:
    """The whole number, at least 0. Raises InvalidParams."""
    if not is_integer(value) or value < 0:
        raise InvalidParams(f"{field} must be a count")
    return value
