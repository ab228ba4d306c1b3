"""What pure functions have worked out lately, kept for the next key. It is made of text: one place forgets it all."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

_CLEARING: Final[list[Callable[[], None]]] = []


def remembered(most: int) -> Callable[[Callable[_Arguments, _Result]], Callable[_Arguments, _Result]]:
    """Decorate a pure function: its last `most` results are kept, until `forget` is called."""

    def decorated(function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
        kept = lru_cache(maxsize=most)(function)
        _CLEARING.append(kept.cache_clear)
        return cast("Callable[_Arguments, _Result]", kept)

    return decorated


def forget() -> None:
    """Forget everything: a document was closed, or may not be remembered any more."""
    for clear in _CLEARING:
        clear()
