"""An event loop whose time jumps: where every task waits for a timer, the timer's instant is now.

What takes an hour of waiting takes as long as the work in it. Threads are not waited for: what is handed to one is done at once,
on the loop's own. A loop on which nothing will ever happen raises RuntimeError in place of hanging.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

_Result = TypeVar("_Result")


class _Selector(selectors.DefaultSelector):
    """Where asyncio would wait for a timer, moves the time to it."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise RuntimeError("every task waits for another")
            self.now_s += max(0.0, timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An asyncio loop in virtual time, which begins at 0."""

    def __init__(self) -> None:
        self._selector_in_time = _Selector()
        super().__init__(self._selector_in_time)

    def time(self) -> float:
        """Virtual seconds."""
        return self._selector_in_time.now_s

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Do it at once."""
        del executor
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done


def run(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run `work` in virtual time to its end."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)
