"""Checks one value of one setting: the kinds of settings, their bounds, and the conversion of values.

Precedence is in `layers`. A message says what was expected. It never repeats the value, which may be a secret that was
pasted into the wrong place.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from typing import Any

from typethrough.core.asking.routes import Route, RoutePurpose
from typethrough.core.settings.halves import KEY_RULE, address_problem, usable_key
from typethrough.core.settings.headers import BadHeaders, Headers, headers_in


class Kind(StrEnum):
    """The types of settings. The value is the type's name for users."""

    FLAG = "true or false"
    NUMBER = "whole number"
    NAME = "text"
    CHOICE = "one of"
    URL = "URL"
    KEY = "key"
    COMMAND = "command"
    PATH = "absolute path"
    NAMES = "list of names"
    GLOBS = "list of globs"
    ROUTES = "model for each purpose"
    HEADERS = "headers"


class Reach(StrEnum):
    """Where a setting may be set. An editor's settings count as the project's, because editors mix the two."""

    ANYWHERE = "anywhere"
    USER = "environment or user file"
    FILE = "user file"


class Others(StrEnum):
    """What users and editors may do with a value that an administrator has set. The value completes "others may …".

    It defines what makes a setting stricter. `LIMIT` is like `LOWER`, but 0 means no limit. `CHOOSE` is like `LEAVE_OUT`,
    but an empty list means everything.
    """

    KEEP = "not change it"
    SWITCH_OFF = "only switch it off"
    SWITCH_ON = "only switch it on"
    LOWER = "only lower it"
    LIMIT = "only lower it, and not to 0"
    ADD = "only add to it"
    LEAVE_OUT = "only leave some of it out"
    CHOOSE = "only choose among it"

    def tightened(self, held: Any, wanted: Any) -> Any:
        """The value in force if the administrator's is `held` and another layer's is `wanted`: `wanted`, made as strict as
        `held`.
        """
        match self:
            case Others.KEEP:
                return held
            case Others.SWITCH_OFF:
                return held and wanted
            case Others.SWITCH_ON:
                return held or wanted
            case Others.LOWER:
                return min(held, wanted)
            case Others.LIMIT:
                return min(held or wanted, wanted or held)
            case Others.ADD:
                return (*held, *(item for item in wanted if item not in held))
            case Others.LEAVE_OUT:
                return tuple(item for item in wanted if item in held)
            case Others.CHOOSE:
                return (tuple(item for item in wanted if item in held) or held) if held else wanted


@dataclass(frozen=True, slots=True)
class Spec:
    """Everything about a setting except its name and default.

    `others`: what may be done with an administrator's value. `choices`: the words that are allowed; a number may have
    some instead of a number. `grows`: an editor's value is added to the list instead of replacing it. `guards`: the
    setting can forbid something, so a value that cannot be read closes the model lane, and the default is not used
    instead.
    """

    kind: Kind
    description: str
    others: Others
    unit: str = ""
    minimum: int = 0
    maximum: int = 0
    choices: tuple[str, ...] = ()
    reach: Reach = Reach.ANYWHERE
    secret: bool = False
    grows: bool = False
    guards: bool = False


class BadValue(ValueError):
    """A value that is not allowed. `str()` continues a sentence that begins with the setting's name."""


_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})
_MAX_TEXT_CHARS = 500
_MAX_ITEMS = 1000


def checked(spec: Spec, value: object, *, from_text: bool = False) -> object:
    """The value in the setting's type. `from_text`: it is a string to be parsed, as in an environment. Raises BadValue."""
    match spec.kind:
        case Kind.FLAG:
            return _flag(value, from_text=from_text)
        case Kind.NUMBER:
            return _number(spec, value, from_text=from_text)
        case Kind.CHOICE:
            return _choice(spec, value)
        case Kind.NAME:
            return _line(value)
        case Kind.KEY:
            return _key(value)
        case Kind.URL:
            return _url(value)
        case Kind.COMMAND:
            return _command(value)
        case Kind.PATH:
            return _path(value)
        case Kind.NAMES | Kind.GLOBS:
            return _items(value, from_text=from_text)
        case Kind.ROUTES:
            return _routes(spec, value, from_text=from_text)
        case Kind.HEADERS:
            return _headers(value)


def _flag(value: object, *, from_text: bool) -> bool:
    if isinstance(value, bool):
        return value
    if from_text and isinstance(value, str):
        word = value.strip().lower()
        if word in _YES | _NO:
            return word in _YES
    raise BadValue("must be true or false")


def _number(spec: Spec, value: object, *, from_text: bool) -> int | str:
    if isinstance(value, str) and value.strip().lower() in spec.choices:
        return value.strip().lower()
    if from_text and isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,12}\s*", value, re.ASCII):
        value = int(value)
    # Lua and JavaScript have one type for numbers, so 900.0 is a whole number.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        words = "".join(f"{word} or " for word in spec.choices)
        raise BadValue(f"must be {words}a whole number from {spec.minimum} to {spec.maximum}")
    if not spec.minimum <= value <= spec.maximum:
        raise BadValue(f"must be from {spec.minimum} to {spec.maximum} {spec.unit}".rstrip())
    return value


def _choice(spec: Spec, value: object) -> str:
    if isinstance(value, str) and value.strip().lower() in spec.choices:
        return value.strip().lower()
    raise BadValue(f"must be one of {', '.join(spec.choices)}")


def _line(value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > _MAX_TEXT_CHARS or not text.isprintable():
        raise BadValue("must be a non-empty text of one line")
    return text


def _key(value: object) -> str:
    key = usable_key(value) if isinstance(value, str) else ""
    if not key:
        raise BadValue(KEY_RULE)
    return key


def _url(value: object) -> str:
    text = value.strip().rstrip("/") if isinstance(value, str) else ""
    if problem := address_problem(text):
        raise BadValue(problem)
    return text


def _headers(value: object) -> Headers:
    try:
        return headers_in(value)
    except BadHeaders as bad:
        raise BadValue(str(bad)) from None


def _path(value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    # A relative path would be relative to a project's folder.
    if not (text.startswith("~/") or PurePath(text).is_absolute()):
        raise BadValue("must be an absolute path, or begin with ~/")
    if len(text) > _MAX_TEXT_CHARS or not text.isprintable():
        raise BadValue("must be a path of one line")
    return text


def _command(value: object) -> tuple[str, ...]:
    parts = list[object]()
    if isinstance(value, str):
        try:
            parts.extend(shlex.split(value))
        except ValueError:
            raise BadValue("has a quote that is not closed") from None
    elif isinstance(value, list):
        parts.extend(value)
    words = tuple(part for part in parts if isinstance(part, str) and "\0" not in part)
    if not words or len(words) != len(parts) or not words[0].strip():
        raise BadValue("must be a command: a text, or a list of texts")
    return words


def _items(value: object, *, from_text: bool) -> tuple[str, ...]:
    if from_text and isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list | tuple) or len(value) > _MAX_ITEMS:
        raise BadValue("must be a list of texts")
    items = tuple(item.strip() for item in value if isinstance(item, str) and len(item) <= _MAX_TEXT_CHARS)
    if len(items) != len(value) or not all(item.isprintable() for item in items):
        raise BadValue("must be a list of texts of one line")
    return tuple(item for item in items if item)


def _routes(spec: Spec, value: object, *, from_text: bool) -> tuple[Route, ...]:
    """The routes from an object of purposes and models, or in an environment from "purpose=model" entries with commas."""
    if from_text and isinstance(value, str):
        parts = [part.partition("=") for part in value.split(",") if part.strip()]
        if not all(separator for _, separator, _ in parts):
            raise BadValue("must be a list such as invoked=MODEL,hedge=MODEL")
        value = {purpose.strip(): model for purpose, _, model in parts}
    if value in ([], ()):
        return ()  # Lua has one form for an empty list and an empty object.
    if not isinstance(value, dict):
        raise BadValue('must be an object such as {"invoked": "MODEL", "hedge": "MODEL"}')
    purposes = list(RoutePurpose)
    if not value.keys() <= {*purposes}:
        raise BadValue(f"has no other purposes than {', '.join(purposes)}")
    return tuple(_route(spec, purpose, value[purpose]) for purpose in purposes if purpose in value)


def _route(spec: Spec, purpose: RoutePurpose, value: object) -> Route:
    text = (
        value.strip()
        if isinstance(value, str) and len(value) <= _MAX_TEXT_CHARS and value.isprintable()
        else ""
    )
    match = re.fullmatch(r"(\S+)(?:\s+([0-9]{1,9}) ?ms)?", text, re.ASCII)
    if match is None:
        raise BadValue(f'needs for {purpose} a model, or a model and its budget such as "MODEL 1500 ms"')
    model, budget = match.groups()
    if budget is None:
        return Route(purpose, model)
    if purpose is RoutePurpose.HEDGE:
        raise BadValue(f"takes no budget for {purpose}, which has that of the request it helps")
    if not spec.minimum <= int(budget) <= spec.maximum:
        raise BadValue(f"needs for {purpose} a budget from {spec.minimum} to {spec.maximum} ms")
    return Route(purpose, model, int(budget))
