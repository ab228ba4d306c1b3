"""Two accounts of one session: what the gateway says it served, and what the server says it used.

`python -m tests.bench.accounts` prints both. A seeded person types into the real server process, which asks the gateway
simulator; then the simulator's log and the server's record on disk are laid side by side. Streams that were read to their end
must agree to the token and the dollar. A stream that is closed early is never counted for its client: there the server
estimates, and how well is what is told.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tests.bench import process
from tests.bench.play import SOURCES
from tests.bench.steady import Steady
from tests.support import record
from tests.support.fake_editor import INVOKED, FakeEditor
from tests.support.gateway_simulator.prompt_cache import Usage
from tests.support.gateway_simulator.tokens import tokenize
from tests.support.gateway_simulator.wire import cost

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.support.record import KeptStream
    from tests.support.simulator import Simulator

STROKES: Final = 400


class Count(NamedTuple):
    """What some streams add up to."""

    streams: int
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int
    dollars: float


@dataclass(frozen=True, slots=True)
class Accounts:
    """Both sides of one session.

    `gateway` and `server` count the streams that were read to their end; `unmatched` are those of the server that the gateway
    does not have with the same counts. Of the streams closed early there are the gateway's truth and the server's estimate.
    """

    gateway: Count
    server: Count
    unmatched: int
    closed_gateway: Count
    closed_server: Count
    messages: list[str]
    problems: list[str]

    @property
    def agree(self) -> bool:
        """Whether both say the same of every stream that was read to its end, and the gateway served none that is not on record.

        The server may have closed one before its question was on the wire: that one it alone knows.
        """
        same_dollars = abs(self.gateway.dollars - self.server.dollars) <= 1e-9
        same_tokens = self.gateway[:4] == self.server[:4] and not self.unmatched
        return same_tokens and same_dollars and self.closed_gateway.streams <= self.closed_server.streams

    @property
    def estimate_error(self) -> float:
        """By how much the server's estimate of a closed stream's prompt is off at the mean, as a share of the truth."""
        theirs, ours = self.closed_gateway, self.closed_server
        if not theirs.prompt_tokens:
            return 0.0
        return abs(ours.prompt_tokens / ours.streams / (theirs.prompt_tokens / theirs.streams) - 1)

    def table(self) -> str:
        """Both sides in Markdown."""
        rows = [
            ("read to the end, by the gateway", self.gateway),
            ("read to the end, by the server", self.server),
            ("closed early, by the gateway", self.closed_gateway),
            ("closed early, estimated by the server", self.closed_server),
        ]
        lines = ["| account | streams | prompt | cached | output | dollars |", "| --- " * 6 + "|"]
        lines += [
            f"| {name} | {one.streams} | {one.prompt_tokens:,} | {one.cached_tokens:,} | {one.output_tokens:,} "
            f"| {one.dollars:.8f} |"
            for name, one in rows
        ]
        verdict = "agree to the token and the dollar" if self.agree else "DO NOT AGREE"
        off = f"Estimates of closed streams' prompts are off by {self.estimate_error:.1%}."
        return "\n".join([*lines, "", f"The accounts {verdict}. {off}"])


def accounts(seed: int = 1, strokes: int = STROKES, *, style: str = "vercel") -> Accounts:
    """Play one session, against a gateway of one of the simulator's styles, and return both accounts of it."""
    return asyncio.run(_play(seed, strokes, style))


async def _play(seed: int, strokes: int, style: str) -> Accounts:
    source = SOURCES[seed % len(SOURCES)]
    person = Steady(source.read_text(encoding="utf-8"), seed, strokes)
    simulated = {"truth": [source], "seed": seed, "style": style, "defects": "default"}
    with TemporaryDirectory() as folder:
        home = Path(folder)
        async with process.gateway(**simulated) as gateway:
            # Slow enough that there is something to close, and fast enough that some is read to its end.
            await asyncio.to_thread(gateway.control, latency={"ttft_ms": 15, "tokens_per_s": 1500})
            client, _ = await process.start(process.OURS, gateway.base_url, home)
            try:
                editor = FakeEditor(client)
                editor.open((home / source.name).as_uri(), person.text)
                await person.run(editor)
                await _leave_one_open(editor, gateway)
            finally:
                await client.stop()
            rows = await asyncio.to_thread(gateway.log)
        kept = record.streams(home)
    return compare(rows, kept, editor.faults.messages, client.problems)


async def _leave_one_open(editor: FakeEditor, gateway: Simulator) -> None:
    """Ask for one text that does not come before the server ends: at least one stream is closed early, on any machine."""
    await asyncio.to_thread(gateway.control, latency={"ttft_ms": 60_000})
    before = len(await asyncio.to_thread(gateway.log))
    editor.type("~")
    asked = editor.ask(INVOKED)
    while len(await asyncio.to_thread(gateway.log)) == before:
        if asked.reply.done.is_set():
            raise RuntimeError("the last question was answered without the gateway")
    await asked.reply.value()


def compare(
    rows: list[dict[str, Any]], kept: list[KeptStream], messages: list[str], problems: list[str]
) -> Accounts:
    """Lay the simulator's log and the server's record side by side."""
    ours = [one for one in kept if one.is_read_to_end]
    estimated = [one for one in kept if not one.is_read_to_end]
    wanted = Counter(one.tokens for one in ours)
    theirs, others = [], []
    for row in rows:
        tokens = row["prompt_tokens"], row["cached_tokens"], row["output_tokens"]
        if wanted[tokens]:
            wanted[tokens] -= 1
            theirs.append((*tokens, _dollars(*tokens)))
        else:
            sent = tokens[0], tokens[1], len(tokenize(row["text"]))
            others.append((*sent, _dollars(*sent)))
    return Accounts(
        _count(theirs),
        _count((*one.tokens, one.dollars) for one in ours),
        wanted.total(),
        _count(others),
        _count((*one.tokens, one.dollars) for one in estimated),
        messages,
        problems,
    )


def _dollars(prompt_tokens: int, cached_tokens: int, output_tokens: int) -> float:
    return cost(Usage(prompt_tokens, cached_tokens), output_tokens)


def _count(rows: Iterable[tuple[int, int, int, float]]) -> Count:
    listed = list(rows)
    prompt, cached, output, dollars = (sum(row[column] for row in listed) for column in range(4))
    return Count(len(listed), int(prompt), int(cached), int(output), float(dollars))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.accounts", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--strokes", type=int, default=STROKES)
    arguments = parser.parse_args()
    found = accounts(arguments.seed, arguments.strokes)
    print(found.table())
    for said in (*found.messages, *found.problems):
        print(f"The user was told: {said}")


if __name__ == "__main__":
    main()
