"""A `Recorder` that also hands numbers to OpenTelemetry: no text, no path, no key, and no file's name.

It only puts what happened into a queue. A thread of its own loads OpenTelemetry after the first request and takes from the
queue, so no key waits for an import, a lock or a network. `telemetry/instruments.py` makes metrics and spans of it.
"""

from __future__ import annotations

import logging
from importlib.util import find_spec
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol
from urllib.parse import urlsplit

from typethrough.core.outcome.outcome import Feedback
from typethrough.core.settings.halves import socket_and_path
from typethrough.telemetry.logs import place_of
from typethrough.telemetry.recorder import Reported

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from typethrough.core.outcome.history import History
    from typethrough.core.outcome.outcome import Ending, Outcome, Source, Spent, StreamRecord
    from typethrough.engine.ports import Recorder

MISSING: Final = (
    "settings: opentelemetry is true, but its packages are not installed, so no metrics and traces are sent."
    ' Install them where typethrough is installed: pip install "typethrough[otel]".'
)
_PACKAGES: Final = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
# The thread takes thousands of events a second. More than this wait only while it loads OpenTelemetry on a very slow disk.
_MOST_WAITING: Final = 10_000
# How long the end of the process may wait for the last numbers to be sent.
_LAST_S: Final = 0.8

logger = logging.getLogger(__name__)


class Place(NamedTuple):
    """Where the model is asked. `address` is a host, empty if there is none, and `provider` is OpenTelemetry's name for it."""

    address: str = ""
    port: int | None = None
    provider: str = "openai"


class RequestEnded(NamedTuple):
    """An editor's request has ended. `ghost_ms` is the time until there was a suggestion, None if there was none."""

    ending: Ending
    source: Source | None
    ghost_ms: float | None


class StreamEnded(NamedTuple):
    """A stream has ended, at this Unix time. `is_first` is False if only its count of tokens is new."""

    stream: StreamRecord
    place: Place
    at_ns: int
    is_first: bool


Event = RequestEnded | StreamEnded | Feedback


class Meters(Protocol):
    """What takes the events. It is called by one thread."""

    def take(self, event: Event) -> None:
        """Note an event."""
        ...

    def close(self, within_s: float) -> None:
        """Send what was not sent yet, as far as the time allows."""
        ...


class ExportingRecorder:
    """Passes everything to `inner`, and what has numbers in it to OpenTelemetry.

    `address` gives the endpoint's URL at the time of the call. `load` is called by the thread. It may raise any error: then
    nothing is sent, and the log says so once.
    """

    def __init__(
        self,
        inner: Recorder,
        local_time: Callable[[], datetime],
        address: Callable[[], str],
        load: Callable[[], Meters],
    ) -> None:
        self._inner = inner
        self._local_time = local_time
        self._address = address
        self._load = load
        self._reported = Reported()
        self._waiting: SimpleQueue[Event | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._is_lost = False

    @property
    def history(self) -> History:
        """The inner recorder's."""
        return self._inner.history

    def request_ended(self, uri: str, outcome: Outcome) -> object:
        """Pass it on, and count how it ended and from where its text came."""
        kept = self._inner.request_ended(uri, outcome)
        ghost_ms = outcome.total_ms if outcome.suggestions else None
        self._put(RequestEnded(outcome.ending, outcome.source, ghost_ms))
        return kept

    def stream_ended(self, stream: StreamRecord) -> None:
        """Pass it on. The first report of a stream gives a span, a later one only the provider's count of its tokens."""
        self._inner.stream_ended(stream)
        _, before = self._reported.note("", stream)
        if before is None or before.is_estimated:
            at_ns = round(self._local_time().timestamp() * 1e9)
            self._put(StreamEnded(stream, place_at(self._address()), at_ns, before is None))

    def feedback(self, kind: Feedback, suggestion_id: str, chars: int = 0) -> None:
        """Pass it on, and count it."""
        self._inner.feedback(kind, suggestion_id, chars)
        self._put(kind)

    def survived(self, suggestion_id: str, after_s: float, share: float) -> None:
        """Pass it on."""
        self._inner.survived(suggestion_id, after_s, share)

    def today(self) -> Spent:
        """What today has cost, from the inner recorder."""
        return self._inner.today()

    def notice(self, key: str, message: str, *, is_good: bool = False) -> None:
        """Pass it on."""
        self._inner.notice(key, message, is_good=is_good)

    def status(self, kind: str, message: str) -> None:
        """Pass it on."""
        self._inner.status(kind, message)

    def close(self, within_s: float = _LAST_S) -> None:
        """Send the last numbers. Returns after `within_s` at the latest, even if the collector does not answer."""
        self._waiting.put(None)
        if self._thread is not None:
            self._thread.join(within_s)

    def _put(self, event: Event) -> None:
        if self._is_lost or self._waiting.qsize() >= _MOST_WAITING:
            return
        self._waiting.put(event)
        if self._thread is None:
            # A daemon, so that it never keeps the process alive.
            self._thread = Thread(target=self._run, name="typethrough-opentelemetry", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        try:
            meters = self._load()
            while (event := self._waiting.get()) is not None:
                meters.take(event)
            meters.close(_LAST_S)
        except Exception as error:
            # The thread's boundary: a damaged installation, or a variable of OpenTelemetry that it cannot read.
            self._is_lost = True
            logger.warning("no metrics and traces are sent: OpenTelemetry failed (%s)", place_of(error))


def is_installed() -> bool:
    """Whether the extra `otel` is installed. Imports next to nothing."""
    try:
        return all(find_spec(package) is not None for package in _PACKAGES)
    except ImportError:
        return False


# The names that OpenTelemetry's conventions have for the services at these hosts.
_PROVIDERS: Final = {
    "anthropic.com": "anthropic",
    "openai.azure.com": "azure.ai.openai",
    "services.ai.azure.com": "azure.ai.inference",
    "cohere.com": "cohere",
    "deepseek.com": "deepseek",
    "generativelanguage.googleapis.com": "gcp.gemini",
    "aiplatform.googleapis.com": "gcp.vertex_ai",
    "groq.com": "groq",
    "mistral.ai": "mistral_ai",
    "moonshot.ai": "moonshot_ai",
    "perplexity.ai": "perplexity",
    "x.ai": "x_ai",
}


def place_at(base_url: str) -> Place:
    """The place of an endpoint. Of a Unix socket, whose name is a path, nothing is told.

    A host that is not known is told to speak as OpenAI does, which the conventions ask for.
    """
    if not base_url or socket_and_path(base_url) is not None:
        return Place()
    parts = urlsplit(base_url)
    host = (parts.hostname or "").rstrip(".")
    provider = next(
        (name for end, name in _PROVIDERS.items() if host == end or host.endswith(f".{end}")), "openai"
    )
    return Place(host, parts.port or (80 if parts.scheme == "http" else 443), provider)
