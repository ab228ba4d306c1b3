"""Reads one source's values as pairs of a setting's usual name and its value, whatever their nesting and spelling. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from typethrough.core.settings.schema import SPECS
from typethrough.core.settings.values import BadValue, Kind, checked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from typethrough.core.settings.values import Spec

SECTION = "typethrough"


class Twice(tuple[object, ...]):
    """The items of two different values of one setting, which a source gives in two spellings such as `maxLines` and
    `max_lines`.
    """

    __slots__ = ()


def entries(values: Mapping[Any, object], *, is_file: bool) -> dict[str, object]:
    """The values by their usual names, without those that are None. Unknown names are among them."""
    section, parts = values.get(SECTION), [values]
    if is_file and isinstance(section, dict):
        # Settings beside this table hold too: one of them may forbid something.
        parts = [{key: value for key, value in values.items() if key != SECTION}, section]
    elif not is_file and SECTION in values and not section:
        return {}  # Editors send null, and Lua an empty list, for "nothing set".
    elif isinstance(section, dict):
        parts = [section]
    found = dict[str, object]()
    for name, value in (pair for part in parts for pair in _flat(part)):
        if value is None:
            continue
        if name in SPECS and name in found and found[name] != value:
            found[name] = Twice((*items(found[name]), *items(value)))
        else:
            found[name] = value
    return found


def checked_once(spec: Spec, value: object, *, from_text: bool = False) -> Any:
    """The value in its setting's type. Raises BadValue, also if the source gives two values."""
    if isinstance(value, Twice):
        raise BadValue("is set twice, in two spellings with different values")
    return checked(spec, value, from_text=from_text)


def items(value: object) -> Sequence[object]:
    """The items of a list, or a single value as a list of one."""
    return value if isinstance(value, list | tuple) else (value,)


def _flat(values: Mapping[Any, object], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, object]]:
    """Yield every leaf with its path as one snake_case name: {"debounce": {"minMs": 40}} gives ("debounce_min_ms", 40)."""
    for key, value in values.items():
        name = f"{prefix}_{_snake(str(key))}" if prefix else _snake(str(key))
        if isinstance(value, dict) and depth < 3 and not _is_object(name):
            yield from _flat(value, name, depth + 1)
        else:
            yield name, value


def _is_object(name: str) -> bool:
    return name in SPECS and SPECS[name].kind in (Kind.ROUTES, Kind.HEADERS)


def _snake(key: str) -> str:
    key = key.removeprefix(SECTION + ".")
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).replace("-", "_").replace(".", "_").lower()
