"""Reading plain JSON, as the messages of the keystroke path are: what has the wrong shape is refused, by the field's name.

Each reader raises `InvalidParams`, whose text names the field and never its value.
"""

from __future__ import annotations

from typing import Any, TypeGuard


class InvalidParams(Exception):
    """A message whose parameters are not what the protocol says; `str()` names the field."""


def is_integer(value: Any) -> TypeGuard[int]:
    """Whether this is one of JSON's integers; its true is not 1."""
    return isinstance(value, int) and not isinstance(value, bool)


def text_of(value: Any, field: str) -> str:
    """A string, or `InvalidParams`."""
    if not isinstance(value, str):
        raise InvalidParams(f"{field} must be a string")
    return value


def uri_of(params: Any) -> str:
    """The URI of `params.textDocument`."""
    document = params.get("textDocument") if isinstance(params, dict) else None
    if not isinstance(document, dict):
        raise InvalidParams("textDocument must be an object")
    return text_of(document.get("uri"), "textDocument.uri")


def version_of(document: dict[str, Any]) -> int:
    """The version of a document as the client says it; 0 when it does not."""
    version = document.get("version")
    return version if is_integer(version) else 0


def object_of(value: Any, field: str) -> dict[str, Any]:
    """An object."""
    if not isinstance(value, dict):
        raise InvalidParams(f"{field} must be an object")
    return value


def array_of(value: Any, field: str) -> list[Any]:
    """An array; none at all is an empty one."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise InvalidParams(f"{field} must be an array")
    return value


def count_of(value: Any, field: str) -> int:
    """A whole number from 0 on."""
    if not is_integer(value) or value < 0:
        raise InvalidParams(f"{field} must be a count")
    return value
