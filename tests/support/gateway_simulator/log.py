"""The record of what the simulator was asked and how each answer ended.

Owns the records, and lets a test wait for one of their events. Times are those of CLOCK_MONOTONIC, which is the same for all
processes of a Linux machine, so a test can compare them with its own.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import asdict, dataclass, field
from typing import Any, Final

WAIT_S: Final = 5.0
_BODIES_KEPT: Final = 256
EVENTS: Final = {
    "arrived": "arrived_at",
    "stalled": "stalled_at",
    "headers": "headers_at",
    "first_text": "first_text_at",
    "finished": "finished_at",
    "disconnect": "disconnected_at",
}


@dataclass
class Record:
    """One request from its arrival to its end. Every `_at` is a CLOCK_MONOTONIC time in seconds."""

    number: int
    connection: int
    reused: bool
    headers: dict[str, str | bool | None]
    arrived_at: float
    stalled_at: float | None = None
    headers_at: float | None = None
    first_text_at: float | None = None
    last_text_at: float | None = None
    newlines_at: list[float] = field(default_factory=list)
    finished_at: float | None = None
    disconnected_at: float | None = None
    ending: str | None = None
    status: int | None = None
    model: str | None = None
    stream: bool = False
    raw: bool = False
    parameters: dict[str, Any] = field(default_factory=dict)
    prompt_chars: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    sent_tokens: int = 0
    generation_id: str = ""
    generation_asked: int = 0
    text: str = ""
    faults: list[str] = field(default_factory=list)
    defect: str | None = None
    place: str | None = None
    right_lines: int | None = None


class RequestLog:
    """The list of records, the newest last, and the tasks that wait for a change."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._bodies: dict[int, bytes] = {}
        self._changed = asyncio.Event()

    def open(
        self, connection: int, *, reused: bool, headers: dict[str, str | bool | None], body: bytes
    ) -> Record:
        """Create the record of a request that has just arrived. Numbers count from 1."""
        record = Record(len(self.records) + 1, connection, reused, headers, time.monotonic())
        self.records.append(record)
        self._bodies[record.number] = body
        self._bodies.pop(record.number - _BODIES_KEPT, None)
        self.notify()
        return record

    def notify(self) -> None:
        """Wake the waiting tasks after a record has changed."""
        self._changed.set()

    def stalled(self, record: Record) -> None:
        """Record that a fault holds back the answer."""
        record.stalled_at = time.monotonic()
        self.notify()

    def sent_text(self, record: Record, text: str, tokens: int) -> None:
        """Record that `text`, of this many tokens, was just written to the socket."""
        now = time.monotonic()
        if record.first_text_at is None:
            record.first_text_at = now
        record.last_text_at = now
        record.text += text
        record.sent_tokens += tokens
        record.newlines_at.extend([now] * text.count("\n"))
        self.notify()

    def finish(self, record: Record, ending: str) -> None:
        """Record how the request ended, unless it has ended already."""
        if record.ending is None:
            record.ending = ending
            record.finished_at = time.monotonic()
            self.notify()

    def disconnect(self, record: Record, at_s: float) -> None:
        """Record that the client disconnected at `at_s`, before the end of its answer."""
        if record.ending is None:
            record.ending = "disconnected"
            record.disconnected_at = at_s
            self.notify()

    def as_json(self, *, full: bool) -> list[dict[str, Any]]:
        """The records as plain data. `full` adds the messages or the raw prompt, and the body as received, for the last 256
        requests.
        """
        rows = [asdict(record) for record in self.records]
        if full:
            for row in rows:
                body = self._body(row["number"])
                row["messages"], row["prompt"] = body.get("messages"), body.get("prompt")
                row["body"] = self._bodies.get(row["number"], b"").decode("utf-8", "replace")
        return rows

    def _body(self, number: int) -> dict[str, Any]:
        try:
            body = json.loads(self._bodies.get(number, b"{}"))
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}

    async def wait(self, event: str, number: int) -> dict[str, Any] | None:
        """The record once `event` happened to request `number`. None after five seconds. Raises KeyError for an unknown
        event.
        """
        name = EVENTS[event]
        try:
            async with asyncio.timeout(WAIT_S):
                while True:
                    if number <= len(self.records) and getattr(self.records[number - 1], name) is not None:
                        return asdict(self.records[number - 1])
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return None
