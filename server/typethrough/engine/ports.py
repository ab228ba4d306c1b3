"""What the engine needs from outside, as protocols, and the errors that a gateway may raise.

HTTP errors become these classes in one place (`gateway/refusals.py`)::

    GatewayError
    ├── GatewayTimeout            no connection, or no byte for too long
    ├── GatewayUnavailable        connection refused or lost, 5xx, overload; worth trying again later
    ├── GatewayProtocolError      an answer that is not what the protocol promises
    ├── NothingSaid               a complete answer without text, although there was something to say
    └── GatewayRejected           the gateway said no: `status`, `code`, `message`
        ├── CredentialsRejected   401, 403: the key is missing, wrong, or not allowed
        ├── PaymentRequired       402: no balance, or a budget is used up
        ├── ModelNotFound         404 model_not_found: permanent until the setting changes
        ├── PromptTooLong         more tokens than the model's context holds
        └── RateLimited           429: `retry_after_s` when it said so
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol, runtime_checkable

from typethrough.core.gate.rules import Disk
from typethrough.core.outcome.causes import StreamEnd
from typethrough.core.outcome.faults import Fault
from typethrough.core.outcome.outcome import Usage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from datetime import datetime

    from typethrough.core.gate.gate import Gate, TellPermit
    from typethrough.core.models import ModelProfile
    from typethrough.core.outcome.history import History
    from typethrough.core.outcome.outcome import Feedback, Outcome, Spent, StreamRecord
    from typethrough.core.prompt.message import Prompt


class GatewayError(Exception):
    """A request that brought no completion. `str()` is one sentence for the user, without keys and document text.

    `end` is how a stream with this error ends. `fault` is its cause; `usual` is the cause of an error that names none.
    """

    end: ClassVar[StreamEnd] = StreamEnd.BROKEN
    usual: ClassVar[Fault] = Fault.BROKEN

    def __init__(self, message: str, *, fault: Fault | None = None) -> None:
        super().__init__(message)
        self.fault = fault or self.usual


class GatewayTimeout(GatewayError):
    """No connection, or no data, for too long."""

    end = StreamEnd.TIMED_OUT
    usual = Fault.SILENT


class GatewayUnavailable(GatewayError):
    """The gateway or its provider is down, overloaded, or unreachable."""

    end = StreamEnd.UNAVAILABLE
    usual = Fault.NOT_WORKING


class GatewayProtocolError(GatewayError):
    """The answer was not an OpenAI-compatible stream."""

    end = StreamEnd.NOT_UNDERSTOOD
    usual = Fault.NOT_UNDERSTOOD


class NothingSaid(GatewayError):
    """A complete answer without text, although the model had something to say: a filter, only reasoning, a model still
    loading.
    """

    end = StreamEnd.WITHHELD
    usual = Fault.ANSWER_FILTERED


class GatewayRejected(GatewayError):
    """The gateway refused the request. `status` is the HTTP status, `code` the gateway's name for the reason."""

    end = StreamEnd.REFUSED
    usual = Fault.REFUSED

    def __init__(self, message: str, *, status: int, code: str = "", fault: Fault | None = None) -> None:
        super().__init__(message, fault=fault)
        self.status = status
        self.code = code


class CredentialsRejected(GatewayRejected):
    """The key or token is missing, wrong, expired, or not allowed to do this."""

    end = StreamEnd.KEY_REFUSED
    usual = Fault.KEY_REFUSED


class PaymentRequired(GatewayRejected):
    """The account has no balance, or a spending limit is reached."""

    end = StreamEnd.NO_BALANCE
    usual = Fault.NO_BALANCE


class ModelNotFound(GatewayRejected):
    """The model's name is unknown to the gateway, or the model was shut down."""

    end = StreamEnd.MODEL_UNKNOWN
    usual = Fault.MODEL_UNKNOWN


class PromptTooLong(GatewayRejected):
    """The prompt is longer than the model's context. `limit_tokens` is the context's size, 0 if unknown."""

    end = StreamEnd.PROMPT_TOO_LONG
    usual = Fault.PROMPT_TOO_LONG

    def __init__(self, message: str, *, status: int, code: str = "", limit_tokens: int = 0) -> None:
        super().__init__(message, status=status, code=code)
        self.limit_tokens = limit_tokens


class RateLimited(GatewayRejected):
    """Too many requests. `retry_after_s` is the pause that the gateway asks for, None if it does not say."""

    end = StreamEnd.RATE_LIMITED
    usual = Fault.RATE_LIMITED

    def __init__(
        self, message: str, *, status: int = 429, code: str = "", retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, status=status, code=code)
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Finish:
    """What a gateway reports at the end of a complete stream."""

    finish_reason: str
    usage: Usage


class OnCounted(Protocol):
    """Called with the token count of a stream that was closed early. `is_hedge` tells the two streams of a race apart."""

    def __call__(self, usage: Usage, *, is_hedge: bool = False) -> None:
        """The provider's count has come."""
        ...


class Gateway(Protocol):
    """A model behind a network."""

    @property
    def model(self) -> str:
        """The model's name in the endpoint's spelling."""
        ...

    @property
    def profile(self) -> ModelProfile:
        """What is known of the model now: its dialect, its cache, its prices."""
        ...

    def refusal(self) -> str:
        """Why a request would not be sent now (rate limit, no key, unknown model …), or the empty string."""
        ...

    @property
    def most_at_once(self) -> float:
        """How many questions may run at once, as far as the endpoint can handle them now."""
        ...

    def try_again(self) -> None:
        """The cause of a refusal may be gone. Let the next request find out, unless the gateway has asked for a pause."""
        ...

    async def stream(
        self, prompt: Prompt, on_text: Callable[[str], None], on_counted: OnCounted | None = None
    ) -> Finish:
        """Send `prompt`, call `on_text` with each piece of text as it arrives, and return when the stream ends.

        Cancelling the call closes the stream before CancelledError propagates. Some gateways can tell later how many
        tokens such a stream took: then `on_counted` is called, some time later but before `aclose`. Raises GatewayError.
        """
        ...

    def race(self) -> Race | None:
        """A race to stream with instead of the gateway, if a second model may be asked too. Else None."""
        ...

    async def warm(self) -> None:
        """Open a connection for the next `stream`. Never raises GatewayError."""
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...


@dataclass(frozen=True, slots=True)
class Upstream:
    """What is known of one request of a race.

    `delay_ms` is how long after the first request it was sent. `usage` is an estimate. `end` is how it lost, to the other
    request or by its own error; None while neither has answered.
    """

    model: str
    profile: ModelProfile
    is_hedge: bool = False
    delay_ms: float = 0.0
    usage: Usage = field(default_factory=Usage)
    end: StreamEnd | None = None
    error: GatewayError | None = None


class Race(Protocol):
    """One stream for which a second model is asked when the first one is late."""

    @property
    def heard(self) -> Upstream:
        """The request whose text the stream has: the first one, unless the second answers first."""
        ...

    @property
    def unheard(self) -> Upstream | None:
        """The other request, if it was sent."""
        ...

    def wanted_until(self, deadline_s: float) -> None:
        """A request waits for the stream until this time."""
        ...

    async def stream(
        self, prompt: Prompt, on_text: Callable[[str], None], on_counted: OnCounted | None = None
    ) -> Finish:
        """Like `Gateway.stream`."""
        ...


@dataclass(frozen=True, slots=True)
class Preview:
    """A request as it would be sent, without headers: its address, and its body byte for byte."""

    address: str
    body: bytes


@runtime_checkable
class Previews(Protocol):
    """Extra interface of gateways that can show what they would send."""

    def preview(self, prompt: Prompt) -> Preview:
        """The request that `stream` would send for this prompt now. Nothing is sent."""
        ...


class Cancellable(Protocol):
    """A scheduled call that can be cancelled."""

    def cancel(self) -> None:
        """Do not make the call. Has no effect after the call was made."""
        ...


class Clock(Protocol):
    """Monotonic time in seconds, and scheduled calls."""

    def now(self) -> float:
        """Seconds on a clock that never goes back."""
        ...

    def call_at(self, when: float, callback: Callable[[], None]) -> Cancellable:
        """Call `callback` once `now()` reaches `when`."""
        ...


class TextsRead(NamedTuple):
    """The texts of some files, None for each that is not a text file; and whether a folder was among them."""

    texts: list[str | None]
    has_folder: bool


class Workspace(Disk, Protocol):
    """The disk that contains the workspace."""

    def files(
        self, gate: Gate, most_files: int, most_bytes: int, limit_s: float
    ) -> AsyncIterator[tuple[TellPermit, str]]:
        """The texts of files in the gate's folders that may be used in prompts, last changed first, within the bounds."""
        ...

    async def texts(self, places: Sequence[str]) -> TextsRead:
        """The texts of files, whose paths are in the form of `place_of`."""
        ...


class WallClock(Clock, Protocol):
    """A clock that also tells the time of day, for the user."""

    def local_time(self) -> datetime:
        """The user's time of day, with its zone."""
        ...


class Recorder(Protocol):
    """Notes what happened. It must not block and must not raise."""

    @property
    def history(self) -> History:
        """The last outcomes. All recorders share one history."""
        ...

    def request_ended(self, uri: str, outcome: Outcome) -> object:
        """A request has ended. The caller ignores the return value."""
        ...

    def stream_ended(self, stream: StreamRecord) -> None:
        """A stream has ended. A second call with the same `id` replaces the first, because the provider's count may come
        after our estimate.
        """
        ...

    def feedback(self, kind: Feedback, suggestion_id: str, chars: int = 0) -> None:
        """The editor reports what became of a suggestion. `chars` is how much was accepted so far, if only a part was."""
        ...

    def survived(self, suggestion_id: str, after_s: float, share: float) -> None:
        """How much of an accepted suggestion is left: `share` (0 to 1) of its characters, `after_s` seconds after the
        acceptance.
        """
        ...

    def today(self) -> Spent:
        """What streams have cost today, on this machine as far as known."""
        ...

    def notice(self, key: str, message: str, *, is_good: bool = False) -> None:
        """Something that the user should know. A `key` is shown once, until it has been absent for a while. `is_good`: it
        is not a problem.
        """
        ...

    def status(self, kind: str, message: str) -> None:
        """What the model lane does: "ready", "busy", "local", "no_key", "rate_limited", "over_limit" or "error"."""
        ...
