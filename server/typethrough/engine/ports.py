"""What the engine needs from the world, as protocols, and the errors a gateway may raise.

The tree, mapped from HTTP in one place (`gateway.client`)::

    GatewayError
    ├── GatewayTimeout            no connection, or no byte for too long
    ├── GatewayUnavailable        connection refused or lost, 5xx, overload; worth trying again later
    ├── GatewayProtocolError      an answer that is not what the protocol promises
    ├── NothingSaid               a whole answer without text, which somebody kept back
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
    """A request that brought no completion. `str()` is one sentence for people: no key, no text of a document.

    `end` is how a stream ends that fails so. `fault` is the cause; `usual` is that of an error which names none.
    """

    end: ClassVar[StreamEnd] = StreamEnd.BROKEN
    usual: ClassVar[Fault] = Fault.BROKEN

    def __init__(self, message: str, *, fault: Fault | None = None) -> None:
        super().__init__(message)
        self.fault = fault or self.usual


class GatewayTimeout(GatewayError):
    """No connection, or no byte, for too long."""

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
    """A whole answer came without text, and not because the model has nothing to add: a filter, reasoning, a model that loads."""

    end = StreamEnd.KEPT_BACK
    usual = Fault.ANSWER_FILTERED


class GatewayRejected(GatewayError):
    """The gateway refused the request. `status` is the HTTP status, `code` its own word for the cause."""

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
    """The prompt is longer than the model's context, which is `limit_tokens`, 0 when the gateway did not say."""

    end = StreamEnd.PROMPT_TOO_LONG
    usual = Fault.PROMPT_TOO_LONG

    def __init__(self, message: str, *, status: int, code: str = "", limit_tokens: int = 0) -> None:
        super().__init__(message, status=status, code=code)
        self.limit_tokens = limit_tokens


class RateLimited(GatewayRejected):
    """Too many requests; `retry_after_s` is what the gateway asked for, None when it did not say."""

    end = StreamEnd.RATE_LIMITED
    usual = Fault.RATE_LIMITED

    def __init__(
        self, message: str, *, status: int = 429, code: str = "", retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, status=status, code=code)
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Finish:
    """What a gateway says at the end of a stream that was read to its end."""

    finish_reason: str
    usage: Usage


class OnCounted(Protocol):
    """Hears what a stream took that was closed early; `is_hedge` tells which of two that raced."""

    def __call__(self, usage: Usage, *, is_hedge: bool = False) -> None:
        """The provider's count has come."""
        ...


class Gateway(Protocol):
    """A model behind a network."""

    @property
    def model(self) -> str:
        """The model's name as the endpoint spells it."""
        ...

    @property
    def profile(self) -> ModelProfile:
        """What is known of the model now: its dialect, its cache, its prices."""
        ...

    def refusal(self) -> str:
        """Why a request would not be sent now (rate limited, no key, model unknown …), or the empty string."""
        ...

    @property
    def most_at_once(self) -> float:
        """How many questions may be under way at once, as the endpoint keeps up with them now."""
        ...

    def try_again(self) -> None:
        """The cause of a refusal may be gone: let the next request find out, unless the gateway has asked for a pause."""
        ...

    async def stream(
        self, prompt: Prompt, on_text: Callable[[str], None], on_counted: OnCounted | None = None
    ) -> Finish:
        """Send `prompt`; call `on_text` with each piece of text as it arrives; return when the stream ends.

        Cancelling the call closes the upstream before CancelledError propagates; where the gateway can tell afterwards what such
        a stream took, `on_counted` is called with that, some time later and until `aclose`. Raises GatewayError.
        """
        ...

    def race(self) -> Race | None:
        """What to stream with in place of the gateway when a second model may be asked as well; None for any other gateway."""
        ...

    async def warm(self) -> None:
        """Make the next `stream` find an open connection. Never raises GatewayError."""
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...


@dataclass(frozen=True, slots=True)
class Upstream:
    """One of the requests of a race, as far as is known of it. `delay_ms` is how long after the first it was sent, `usage` an
    estimate, and `end` how it lost: to the other, or by its error; None while nobody has spoken.
    """

    model: str
    profile: ModelProfile
    is_hedge: bool = False
    delay_ms: float = 0.0
    usage: Usage = field(default_factory=Usage)
    end: StreamEnd | None = None
    error: GatewayError | None = None


class Race(Protocol):
    """One stream for which a second model is asked when the first is late."""

    @property
    def heard(self) -> Upstream:
        """Whose text the stream has; the first's until the second speaks."""
        ...

    @property
    def unheard(self) -> Upstream | None:
        """The other, when it has been asked as well."""
        ...

    def wanted_until(self, deadline_s: float) -> None:
        """Somebody waits for the stream until then."""
        ...

    async def stream(
        self, prompt: Prompt, on_text: Callable[[str], None], on_counted: OnCounted | None = None
    ) -> Finish:
        """As a gateway's."""
        ...


@dataclass(frozen=True, slots=True)
class Preview:
    """What a request would be on the wire, but for its headers: the address, and the body byte for byte."""

    address: str
    body: bytes


@runtime_checkable
class Previews(Protocol):
    """What a gateway is besides that can tell what it would send."""

    def preview(self, prompt: Prompt) -> Preview:
        """The request that `stream` would send for the prompt now; nothing is sent."""
        ...


class Cancellable(Protocol):
    """A scheduled call that can be taken back."""

    def cancel(self) -> None:
        """Do not make the call; harmless when it has been made."""
        ...


class Clock(Protocol):
    """Monotonic time, in seconds, and calls at a time."""

    def now(self) -> float:
        """Seconds on a clock that never goes back."""
        ...

    def call_at(self, when: float, callback: Callable[[], None]) -> Cancellable:
        """Call back once `now()` reaches `when`."""
        ...


class TextsRead(NamedTuple):
    """The texts of some files, None for what is no file with text; and whether a folder was among them."""

    texts: list[str | None]
    has_folder: bool


class Workspace(Disk, Protocol):
    """The disk that a workspace lies on."""

    def files(
        self, gate: Gate, most_files: int, most_bytes: int, limit_s: float
    ) -> AsyncIterator[tuple[TellPermit, str]]:
        """The texts of the files in the gate's folders that may be told, those changed last first, within the bounds."""
        ...

    async def texts(self, places: Sequence[str]) -> TextsRead:
        """The texts of files, by their paths as `place_of` gives them."""
        ...


class WallClock(Clock, Protocol):
    """A clock that also tells the time of day, for what people read."""

    def local_time(self) -> datetime:
        """The time of day where the user is, with its zone."""
        ...


class Recorder(Protocol):
    """Takes note of what happened; must not block and must not raise."""

    @property
    def history(self) -> History:
        """The last outcomes; one history for all who record."""
        ...

    def request_ended(self, uri: str, outcome: Outcome) -> object:
        """A request ended. What it returns is of no use to who tells."""
        ...

    def stream_ended(self, stream: StreamRecord) -> None:
        """An upstream stream ended. Told again with the same `id`, what is said later takes the earlier's place: the provider's
        count may come after our estimate.
        """
        ...

    def feedback(self, kind: Feedback, suggestion_id: str, chars: int = 0) -> None:
        """The editor tells what became of a suggestion; `chars` of it were accepted so far, when only a part was."""
        ...

    def survived(self, suggestion_id: str, after_s: float, share: float) -> None:
        """So long after a suggestion was accepted, `share` (0 to 1) of its characters were still in their place."""
        ...

    def today(self) -> Spent:
        """What streams have cost today, on this machine as far as that is known."""
        ...

    def notice(self, key: str, message: str, *, is_good: bool = False) -> None:
        """Something the user should know; of one `key` he is told once until that has been away for a while. `is_good`: it is
        no trouble.
        """
        ...

    def status(self, kind: str, message: str) -> None:
        """What the model lane is doing: "ready", "busy", "local", "no_key", "rate_limited", "over_limit" or "error"."""
        ...
