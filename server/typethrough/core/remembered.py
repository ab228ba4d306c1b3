"""Caches the last results of pure functions for the next key. The results contain text, so `forget` clears all of them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

_CLEARING: Final[list[Callable[[], None]]] = []


def remembered(most: int) -> Callable[[Callable[_Arguments, _Result]], Callable[_Arguments, _Result]]:
    """Decorate a pure function so that its last `most` results are cached until `forget` is called."""

    def decorated(function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
        kept = lru_cache(maxsize=most)(function)
        _CLEARING.append(kept.cache_clear)
        return cast("Callable[_Arguments, _Result]", kept)

    return decorated


def forget() -> None:
    """Clear all caches. Called when a document was closed, or when its text must no longer be kept."""
    for clear in _CLEARING:
        clear()
