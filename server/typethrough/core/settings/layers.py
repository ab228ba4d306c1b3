"""How layers of settings become one `Settings`: precedence, names as people spell them, and what a layer may not set.

Knows no file, no process environment and no protocol: layers are handed in as plain values, whatever shape they have. A
project's own settings reach us through an editor's, so nothing an editor says can change where code or keys go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from typethrough.core.settings.schema import (
    DEFAULTS,
    ENVIRONMENT_PREFIX,
    GATEWAY_BASE_URL,
    SPECS,
    Settings,
    environment_name,
)
from typethrough.core.settings.values import BadValue, Kind, Reach, checked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SECTION = "typethrough"


class Origin(StrEnum):
    """Where a layer comes from, lowest precedence first; the value is what people call it."""

    DEFAULTS = "defaults"
    USER_FILE = "user file"
    ENVIRONMENT = "environment"
    INITIALIZATION_OPTIONS = "initializationOptions"
    CONFIGURATION = "configuration"
    COMMAND_LINE = "command line"


_PRECEDENCE = {origin: rank for rank, origin in enumerate(Origin)}
# An editor mixes the settings of the project it has open into these, so they may not say where code and keys go.
_FROM_EDITOR = frozenset({Origin.INITIALIZATION_OPTIONS, Origin.CONFIGURATION})


@dataclass(frozen=True, slots=True, repr=False)
class Layer:
    """Settings from one place. `values` is whatever came from there: a wrong shape is a `Problem`, not an error."""

    name: str
    origin: Origin
    values: object


@dataclass(frozen=True, slots=True)
class Problem:
    """One sentence about one setting of one layer, without any value that could be secret. `setting` is "" for a whole layer."""

    layer: str
    setting: str
    message: str


def environment_layer(environment: Mapping[str, str]) -> Layer:
    """The layer of every TYPETHROUGH_* variable that is not empty."""
    start = len(ENVIRONMENT_PREFIX)
    values = {
        name[start:].lower(): value
        for name, value in environment.items()
        if name.startswith(ENVIRONMENT_PREFIX) and value.strip()
    }
    return Layer("environment", Origin.ENVIRONMENT, values)


def resolve(layers: Sequence[Layer]) -> tuple[Settings, tuple[Problem, ...]]:
    """The settings in force and what was wrong with the layers, in order of precedence; the lower layer's value holds then.

    Layers of one origin override each other in the order given. A `base_url` that a layer changes leaves behind the keys of the
    layers below, for a key belongs to the endpoint it was written for.
    """
    settings, problems = DEFAULTS, list[Problem]()
    for layer in sorted(layers, key=lambda layer: _PRECEDENCE[layer.origin]):
        changes = dict[str, Any]()
        for name, value in _entries(layer, problems):
            try:
                value = checked(SPECS[name], value, from_text=layer.origin is Origin.ENVIRONMENT)
                changes[name] = _permitted(name, value, layer, settings)
            except BadValue as bad:
                problems.append(Problem(layer.name, name, f"{layer.name}: {name} {bad}."))
        changes |= _left_behind(settings, changes, layer, problems)
        settings = replace(settings, **changes)
    return _consistent(settings, problems), tuple(problems)


def _entries(layer: Layer, problems: list[Problem]) -> Iterator[tuple[str, object]]:
    """The known settings a layer has a value for, under their own names, in the order of `Settings`."""
    values = layer.values
    if not values or (isinstance(values, dict) and SECTION in values and not values[SECTION]):
        return  # Editors send null, and Lua an empty list, for "nothing set".
    if isinstance(values, dict) and isinstance(values.get(SECTION), dict):
        values = values[SECTION]
    if not isinstance(values, dict):
        message = f"{layer.name}: expected an object with settings, got {type(values).__name__}."
        problems.append(Problem(layer.name, "", message))
        return
    found = dict[str, object]()
    for name, value in _flat(values):
        if value is None:
            continue
        if name in SPECS:
            found[name] = value
        else:
            problems.append(Problem(layer.name, name, _unknown(layer, name)))
    yield from ((name, found[name]) for name in SPECS if name in found)


def _flat(values: Mapping[Any, object], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, object]]:
    """Every leaf with its path as one snake_case name: {"debounce": {"minMs": 40}} gives ("debounce_min_ms", 40)."""
    for key, value in values.items():
        name = f"{prefix}_{_snake(str(key))}" if prefix else _snake(str(key))
        if isinstance(value, dict) and depth < 3 and not _is_object(name):
            yield from _flat(value, name, depth + 1)
        else:
            yield name, value


def _is_object(name: str) -> bool:
    return name in SPECS and SPECS[name].kind is Kind.ROUTES


def _snake(key: str) -> str:
    key = key.removeprefix(SECTION + ".")
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).replace("-", "_").replace(".", "_").lower()


def _unknown(layer: Layer, name: str) -> str:
    # A stranger's name may be a pasted key: only what looks like a name is repeated.
    shown = f'"{name}"' if re.fullmatch(r"[a-z][a-z_0-9]{0,39}", name) else "a name"
    near = get_close_matches(name, SPECS, n=1, cutoff=0.6)
    return f"{layer.name}: {shown} is not a setting" + (f'; did you mean "{near[0]}"?' if near else ".")


def _permitted(name: str, value: object, layer: Layer, held: Settings) -> object:
    """The value a layer may set; raises BadValue when the setting is not for this kind of layer."""
    spec, present = SPECS[name], getattr(held, name)
    if layer.origin in _FROM_EDITOR:
        if spec.grows and isinstance(value, tuple):
            return (*present, *(item for item in value if item not in present))
        if spec.reach is not Reach.ANYWHERE and (spec.secret or value != present):
            hint = (
                "the user file" if spec.reach is Reach.FILE else f"{environment_name(name)} or the user file"
            )
            raise BadValue(f"cannot be set by an editor, whose settings a project can change; use {hint}")
    if spec.reach is Reach.FILE and layer.origin is Origin.ENVIRONMENT:
        raise BadValue("can only be set in the user file")
    return value


def _left_behind(
    held: Settings, changes: Mapping[str, Any], layer: Layer, problems: list[Problem]
) -> dict[str, object]:
    """What a layer that changes `base_url` must clear: the key, or the command for it, of the layers below."""
    before = held.base_url or GATEWAY_BASE_URL
    if (changes.get("base_url", held.base_url) or GATEWAY_BASE_URL) == before:
        return {}
    keys: dict[str, object] = {"api_key": "", "api_key_command": ()}
    dropped = {name: empty for name, empty in keys.items() if getattr(held, name) and name not in changes}
    if dropped and "api_key" not in changes and "api_key_command" not in changes:
        message = (
            f"{layer.name}: base_url differs from the one the key was set for, so that key is not sent to it."
        )
        problems.append(Problem(layer.name, "base_url", message))
    return dropped


def _consistent(settings: Settings, problems: list[Problem]) -> Settings:
    if settings.debounce_min_ms <= settings.debounce_max_ms:
        return settings
    message = "settings: debounce_min_ms is above debounce_max_ms; the defaults of both hold."
    problems.append(Problem("settings", "debounce_min_ms", message))
    return replace(
        settings, debounce_min_ms=DEFAULTS.debounce_min_ms, debounce_max_ms=DEFAULTS.debounce_max_ms
    )
