"""The fault table against the real server: `python -m tests.bench.faults [--short] [NAME ...]`; `--page` prints the page of it.

Each fault is served on loopback to a server process of its own, while somebody types. Then it goes away. Looked at: is each
request answered inside its budget, does the one message name the cause, and is there text when the user looks again?
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import sys
import tempfile
import traceback
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.bench.fault_cases import CASES, Case
from tests.support.fault_page import page
from tests.support.faulty_gateway import FaultyGateway, desk, well
from typethrough.core.settings.schema import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.support.faulty_gateway import Desk

# Starting takes seconds on a machine that is shared; what is measured begins when the server answers.
_AT_ONCE: Final = 3
_ASKED: Final = 5
_BETWEEN_S: Final = 0.15
# The machine's own lateness, of two processes and a typist on it.
_SLACK_S: Final = 0.35


@dataclass(frozen=True, slots=True)
class Found:
    """What was seen under one fault; `problems` is empty when all was as it should be, but for `longest_s`."""

    name: str
    longest_s: float
    told: tuple[str, ...]
    back: tuple[int, float] | None
    problems: tuple[str, ...]


async def run_case(case: Case) -> Found:
    """Type under a fault, have it go away, and type on."""
    async with AsyncExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="faults-")))
        gateway = await stack.enter_async_context(FaultyGateway())
        gateway.models = lambda: case.models
        address = gateway.base_url
        if case.serve is None:
            address = f"http://127.0.0.1:{_free_port()}/v1"
        environment = {"TYPETHROUGH_BASE_URL": address, "TYPETHROUGH_API_KEY": "sk-1234567890abcdef"}
        desk_ = await stack.enter_async_context(desk(home, environment | dict(case.environment)))
        await desk_.client.request("typethrough/why", {"limit": 1}).value(30.0)
        gateway.fault = case.serve or well
        texts = await _type(desk_)
        problems = list(_judged(case, desk_, texts))
        back = None
        if case.back_s and case.serve is not None and not case.is_borne:
            back = await _come_back(case, desk_, gateway, problems)
        return Found(case.name, max(desk_.waits_s), tuple(desk_.troubles), back, tuple(problems))


async def _type(desk_: Desk) -> list[str]:
    texts = []
    for _ in range(_ASKED):
        texts.append(await desk_.ask())
        await asyncio.sleep(_BETWEEN_S)
    return texts


def _judged(case: Case, desk_: Desk, texts: Sequence[str]) -> Iterable[str]:
    """What was not as it should be while the fault was there."""
    if case.is_borne and not any(texts[:2]):
        yield "no text at the second request"
    told = desk_.troubles
    if case.says and not any(case.says in one for one in told):
        yield f"no message says {case.says!r}"
    if len(told) > bool(case.says):
        yield f"{len(told)} messages"


async def _come_back(
    case: Case, desk_: Desk, gateway: FaultyGateway, problems: list[str]
) -> tuple[int, float] | None:
    """The requests and seconds until there is text, once the fault has gone and the user looks again."""
    gateway.fault = well
    # Longer than a window is gone through.
    await asyncio.sleep(max(1.1, case.waits_s))
    desk_.focus()
    try:
        back = await desk_.until_text(case.back_s, _BETWEEN_S)
    except TimeoutError as error:
        problems.append(str(error))
        return None
    for _ in range(50):
        if bool(desk_.good_news) is case.tells_back and desk_.statuses and desk_.statuses[-1][0] == "ready":
            return back
        await asyncio.sleep(0.05)
    if desk_.statuses[-1][0] != "ready":
        problems.append(f"the status is {desk_.statuses[-1][0]}")
    if bool(desk_.good_news) is not case.tells_back:
        problems.append("no message that all is well" if case.tells_back else "a message that all is well")
    return back


async def run(cases: Sequence[Case]) -> list[Found]:
    """Run the cases, a few at a time."""
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(case: Case) -> Found:
        async with room:
            try:
                found = await run_case(case)
            except (TimeoutError, RuntimeError) as error:
                where = traceback.extract_tb(error.__traceback__)
                line = next((at.line for at in reversed(where) if at.filename == __file__), "")
                found = Found(case.name, 0.0, (), None, (f"{type(error).__name__} {error} in `{line}`",))
            back = f"{found.back[0]} requests, {found.back[1]:.2f} s" if found.back else "-"
            print(
                f"{'ok ' if not found.problems else 'BAD'} {found.name:36} longest {found.longest_s:4.2f} s, back {back}"
            )
            for problem in (*found.problems, *(found.told if found.problems else ())):
                print(f"      {problem}")
            return found

    return list(await asyncio.gather(*map(one, cases)))


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def main(arguments: Sequence[str]) -> int:
    """Run what the command line says; 1 when something was not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="the cases that stand for the others")
    parser.add_argument("--page", action="store_true", help="print server/docs/faults.md")
    parser.add_argument("names", nargs="*", help="only cases whose name holds one of these")
    options = parser.parse_args(arguments)
    if options.page:
        print(page(), end="")
        return 0
    chosen = [case for case in CASES if case.is_short or not options.short]
    if options.names:
        chosen = [case for case in chosen if any(name in case.name for name in options.names)]
    found = asyncio.run(run(chosen))
    bad = [one for one in found if one.problems]
    late = [one.name for one in found if one.longest_s > DEFAULTS.budget_ms / 1_000 + _SLACK_S]
    back = sorted(one.back[1] for one in found if one.back)
    print(
        f"{len(found)} faults: {len(found) - len(bad)} as they should be; {len(back)} recovered, in "
        f"{back[len(back) // 2] if back else 0:.2f} s (median), {back[-1] if back else 0:.2f} s at most; "
        f"longest answer {max(one.longest_s for one in found):.2f} s; late: {', '.join(late) or 'none'}"
    )
    return 1 if bad or late else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
