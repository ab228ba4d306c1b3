"""Builds one `Settings` from layers: precedence, different spellings of names, and what a layer may not set.

What an administrator has set limits all other layers: each setting's `Others` says how. This module knows no file,
environment or protocol: layers are passed in as plain values of any shape. A project's settings reach us as part of an
editor's settings, so nothing that an editor says can change where code or keys are sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from typethrough.core.gate.patterns import problem
from typethrough.core.settings.access import CLOSED, Access, is_same_origin, mended_note, named_access
from typethrough.core.settings.entries import checked_once, entries, items
from typethrough.core.settings.halves import unwrapped
from typethrough.core.settings.headers import has_authorization, merged
from typethrough.core.settings.schema import (
    ACCESS_SPECS,
    DEFAULTS,
    ENVIRONMENT_PREFIX,
    SPECS,
    Settings,
    environment_name,
)
from typethrough.core.settings.values import BadValue, Kind, Others, Reach

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class Origin(StrEnum):
    """The source of a layer, lowest precedence first. The value is its name in messages."""

    DEFAULTS = "defaults"
    ADMINISTRATOR = "administrator's file"
    USER_FILE = "user file"
    ENVIRONMENT = "environment"
    INITIALIZATION_OPTIONS = "initializationOptions"
    CONFIGURATION = "configuration"
    COMMAND_LINE = "command line"


_PRECEDENCE = {origin: rank for rank, origin in enumerate(Origin)}
# An editor mixes the open project's settings into these, so they must not say where code and keys are sent.
_FROM_EDITOR = frozenset({Origin.INITIALIZATION_OPTIONS, Origin.CONFIGURATION})
_FILES = frozenset({Origin.ADMINISTRATOR, Origin.USER_FILE})


@dataclass(frozen=True, slots=True, repr=False)
class Layer:
    """Settings from one source. `values` is the received value. A wrong shape becomes a `Problem`, not an error.

    `unread` is a sentence that says why the values could not be read or trusted, else empty. Then no model is asked, because
    they might have forbidden it.
    """

    name: str
    origin: Origin
    values: object
    unread: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One sentence about one setting of one layer, without values, which could be secret. `setting` is "" for a whole layer."""

    layer: str
    setting: str
    message: str


class Resolved(NamedTuple):
    """The settings in force, the problems of the layers, and for each setting that was set the name of its layer."""

    settings: Settings
    problems: tuple[Problem, ...]
    sources: Mapping[str, str]


def environment_layer(environment: Mapping[str, str]) -> Layer:
    """The layer of all TYPETHROUGH_* variables that are not empty."""
    start = len(ENVIRONMENT_PREFIX)
    values = {
        name[start:].lower(): value
        for name, value in environment.items()
        if name.startswith(ENVIRONMENT_PREFIX) and value.strip()
    }
    return Layer("environment", Origin.ENVIRONMENT, values)


def resolve(layers: Sequence[Layer]) -> tuple[Settings, tuple[Problem, ...]]:
    """The settings in force, and the problems of the layers in order of precedence. A bad value leaves the lower layer's in
    force.

    Layers of one origin override each other in the given order. Addresses and keys are not merged: each layer that gives
    any of them becomes one `Access`.
    """
    found = resolved(layers)
    return found.settings, found.problems


def resolved(layers: Sequence[Layer]) -> Resolved:
    """The same as `resolve`, with the source of each value."""
    resolution = _Resolution()
    for layer in sorted(layers, key=lambda layer: _PRECEDENCE[layer.origin]):
        resolution.take(layer)
    return resolution.result()


class _Resolution:
    """The result of the layers so far, the lowest first. `_closed` has a sentence for each value that closes the model lane."""

    def __init__(self) -> None:
        self._settings = DEFAULTS
        self._problems: list[Problem] = []
        self._closed: dict[str, str] = {}
        self._sources: dict[str, str] = {}
        # What the administrator has set. Higher layers may only make it stricter.
        self._held: dict[str, Any] = {}

    def take(self, layer: Layer) -> None:
        """Apply a layer's values, as far as the administrator's values allow."""
        first = len(self._problems)
        changes, halves = dict[str, Any](), dict[str, object]()
        if layer.unread:
            self._closed[layer.name] = layer.unread
            self._problems.append(Problem(layer.name, "", f"{layer.unread}."))
        for name, value in _entries(layer, self._problems):
            if name in ACCESS_SPECS and layer.origin not in _FROM_EDITOR:
                halves[name] = value
                continue
            try:
                value = self._checked(layer, name, value)
                value = _permitted(name, value, layer, self._settings)
            except BadValue as bad:
                message = f"{layer.name}: {_shown(layer, name)} {bad}."
                self._problems.append(Problem(layer.name, name, message))
                if SPECS[name].kind is not Kind.GLOBS:
                    continue
                # Patterns that exclude files must not be lost because of a mistake beside them.
                value = (*self._settings.exclude, *_texts(value))
            if isinstance(value, tuple) and SPECS[name].kind is Kind.GLOBS:
                only_adds = layer.origin in _FROM_EDITOR or name in self._held
                if layer.origin is Origin.ADMINISTRATOR:
                    value = (*self._settings.exclude, *value)
                value = _patterns(name, value, layer, self._settings, self._problems, only_adds=only_adds)
            if name not in ACCESS_SPECS:
                changes[name] = self._tightened(layer, name, value)
        access = _access(layer, halves, self._problems)
        if access is not None and (access := self._at_address(layer, access)) is not None:
            changes["access"] = (access, *self._settings.access)
        self._settings = replace(self._settings, **changes)
        if layer.origin is Origin.ADMINISTRATOR:
            self._held = changes
            # A rule with a mistake in it may be the one that forbids sending code.
            self._closed |= {one.message: one.message.rstrip(".") for one in self._problems[first:]}
        for name in SPECS.keys() & changes.keys():
            if layer.origin is Origin.ADMINISTRATOR or changes[name] != self._held.get(name):
                self._sources[name] = layer.name

    def _checked(self, layer: Layer, name: str, value: object) -> object:
        """The value in its setting's type. Raises BadValue. If the setting can forbid something, that also closes the model
        lane.
        """
        spec = SPECS[name]
        try:
            value = checked_once(spec, value, from_text=layer.origin is Origin.ENVIRONMENT)
        except BadValue as bad:
            if spec.guards and (spec.reach is Reach.ANYWHERE or layer.origin not in _FROM_EDITOR):
                self._closed[name] = f"{layer.name}: {_shown(layer, name)} {bad}"
            raise
        if layer.origin not in _FROM_EDITOR:
            # This value replaces the one that was refused. An editor's value would only add to it.
            self._closed.pop(name, None)
        return value

    def _tightened(self, layer: Layer, name: str, value: Any) -> Any:
        """A layer's value, made as strict as the administrator's."""
        if name not in self._held:
            return value
        others = SPECS[name].others
        tight = others.tightened(self._held[name], value)
        if tight != value and others is not Others.ADD:
            self._loosens(layer, name, others)
        return tight

    def _at_address(self, layer: Layer, access: Access) -> Access | None:
        """A layer's access, limited to what the administrator has set for the same address. None if its key was given for
        another address than the administrator's.
        """
        held = next(iter(self._held.get("access", ())), None)
        if held is None:
            return access
        if held.base_url and access.base_url and access.base_url != held.base_url:
            self._loosens(layer, "base_url", SPECS["base_url"].others)
            if not is_same_origin(access.base_url, held.base_url):
                return None
            access = replace(access, base_url=held.base_url)
        # A source without an address is for the Vercel AI Gateway, which the other may name.
        if not is_same_origin(access.address, held.address):
            return access
        if held.has_key and access.has_key:
            self._loosens(layer, "api_key" if access.api_key else "api_key_command", SPECS["api_key"].others)
            access = replace(access, api_key="", api_key_command=())
        # Headers of the highest source win, but those of the administrator must stay as they are.
        headers = merged(held.headers, access.headers)
        if held.has_key and not has_authorization(held.headers):
            # It would be sent in place of the key.
            headers = tuple(pair for pair in headers if not has_authorization((pair,)))
        if not set(access.headers) <= set(headers):
            self._loosens(layer, "headers", SPECS["headers"].others)
        return replace(access, headers=headers)

    def _loosens(self, layer: Layer, name: str, others: Others) -> None:
        message = f"{layer.name}: {_shown(layer, name)} is set by your administrator; others may {others}. This is ignored."
        self._problems.append(Problem(layer.name, name, message))

    def result(self) -> Resolved:
        """The settings and all problems, including that no model is asked because of some of them."""
        closed = [*self._closed.values()]
        is_named = "model" in self._sources
        settings = replace(self._settings, closed=closed[0] if closed else "", model_is_named=is_named)
        settings = _consistent(settings, self._held, self._problems)
        if (named := named_access(settings.access)) is not None:
            closed.append(named.problem)
        closing = {f"{sentence}." for sentence in closed} | set(closed)
        problems = tuple(
            replace(one, message=f"{one.message} {CLOSED}") if one.message in closing else one
            for one in self._problems
        )
        return Resolved(settings, problems, self._sources)


def _shown(layer: Layer, name: str) -> str:
    """A setting's name as it is written in the layer."""
    return environment_name(name) or name if layer.origin is Origin.ENVIRONMENT else name


def _access(layer: Layer, halves: Mapping[str, object], problems: list[Problem]) -> Access | None:
    """The address and the key that a layer gives, both or none. None if it gives neither."""
    where = "" if layer.origin is Origin.ENVIRONMENT else f" in the {layer.name}"
    access = Access(f"{_shown(layer, 'api_key')}{where}", f"{_shown(layer, 'base_url')}{where}")
    found, refusal = dict[str, Any](), ""
    for name, value in halves.items():
        spec, shown = ACCESS_SPECS[name], _shown(layer, name)
        try:
            if spec.reach is Reach.FILE and layer.origin not in _FILES:
                problems.append(
                    Problem(layer.name, name, f"{layer.name}: {shown} can only be set in the user file.")
                )
                continue
            if isinstance(value, str) and spec.kind in (Kind.URL, Kind.KEY):
                value, left_out = unwrapped(value)
                if note := mended_note(layer.name, shown, left_out):
                    problems.append(Problem(layer.name, name, note))
            if value != "":
                found[name] = checked_once(spec, value)
        except BadValue as bad:
            sentence = f"{layer.name}: {shown} {bad}"
            problems.append(Problem(layer.name, name, f"{sentence}."))
            refusal = refusal or sentence
    if refusal:
        return replace(access, problem=refusal)
    return replace(access, **found) if found else None


def _entries(layer: Layer, problems: list[Problem]) -> Iterator[tuple[str, object]]:
    """Yield the known settings for which a layer has a value, with their usual names, in the order of `Settings`."""
    values = layer.values
    if not values:
        return  # Editors send null, and Lua an empty list, for "nothing set".
    if not isinstance(values, dict):
        message = f"{layer.name}: expected an object with settings, got {type(values).__name__}."
        problems.append(Problem(layer.name, "", message))
        return
    found = entries(values, is_file=layer.origin in _FILES)
    problems += (Problem(layer.name, name, _unknown(layer, name)) for name in found if name not in SPECS)
    yield from ((name, found[name]) for name in SPECS if name in found)


def _unknown(layer: Layer, name: str) -> str:
    # An unknown name may be a pasted key, so only what looks like a name is repeated.
    shown = f'"{name}"' if re.fullmatch(r"[a-z][a-z_0-9]{0,39}", name) else "a name"
    near = get_close_matches(name, SPECS, n=1, cutoff=0.6)
    return f"{layer.name}: {shown} is not a setting" + (f'; did you mean "{near[0]}"?' if near else ".")


def _permitted(name: str, value: object, layer: Layer, held: Settings) -> object:
    """The value that a layer may set. Raises BadValue if this kind of layer must not set it."""
    spec = SPECS[name]
    named = next((access.base_url for access in held.access if access.base_url), "")
    present: Any = named if name == "base_url" else getattr(held, name, ())
    if layer.origin in _FROM_EDITOR:
        if spec.grows and isinstance(value, tuple):
            return (*present, *(item for item in value if item not in present))
        if spec.reach is not Reach.ANYWHERE and (spec.secret or value != present):
            hint = (
                "the user file" if spec.reach is Reach.FILE else f"{environment_name(name)} or the user file"
            )
            raise BadValue(f"cannot be set by an editor, whose settings a project can change; use {hint}")
    return value


def _texts(value: object) -> Iterator[str]:
    for one in items(value):
        if isinstance(one, str) and one.strip():
            yield one.strip()


def _patterns(
    name: str,
    patterns: tuple[str, ...],
    layer: Layer,
    held: Settings,
    problems: list[Problem],
    *,
    only_adds: bool,
) -> tuple[str, ...]:
    """The valid patterns of a layer. Patterns that match nothing, or would remove held ones, are added to `problems`."""
    kept = []
    for number, pattern in enumerate(dict.fromkeys(patterns), 1):
        fault = ""
        if pattern not in held.exclude:
            fault = problem(pattern)
            if only_adds and pattern.startswith("!"):
                who = "an editor's settings" if layer.origin in _FROM_EDITOR else "who is no administrator"
                fault = f"begins with !, and {who} cannot take from what is excluded"
                pattern = ""
        if fault:
            # The pattern is not repeated, because it may be a secret in the wrong place.
            message = f"{layer.name}: {_shown(layer, name)}: pattern {number} {fault}."
            problems.append(Problem(layer.name, name, message))
        if pattern:
            kept.append(pattern)
    return tuple(kept)


def _consistent(settings: Settings, held: Mapping[str, Any], problems: list[Problem]) -> Settings:
    if settings.debounce_min_ms <= settings.debounce_max_ms:
        return settings
    message = "settings: debounce_min_ms is above debounce_max_ms; the defaults of both hold."
    problems.append(Problem("settings", "debounce_min_ms", message))
    names = ("debounce_min_ms", "debounce_max_ms")
    return replace(settings, **{name: held.get(name, getattr(DEFAULTS, name)) for name in names})
