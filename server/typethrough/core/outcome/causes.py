"""Why a request ended and why a stream ended: one name for each cause, with a sentence for the user and advice.

Each cause of a request belongs to one `Ending`. Each `StreamEnd` has the cause for a request that still waits for that stream.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Final, NamedTuple, Self

from typethrough.core.outcome.outcome import Ending

_FASTER: Final = "Lower `context_tokens`, raise `budget_ms`, or choose a faster model."
_SETTINGS: Final = "`typethrough settings` shows the endpoint, model and key in use."


class Cause(Enum):
    """Why a request ended. Records keep the `name`.

    `sentence` is the usual reason in plain words. The code that ends a request may give a more exact one. It is empty where
    the gateway's error has the sentence. `advice` is what the user can do, empty if nothing.
    """

    SWITCHED_OFF = (
        Ending.SKIPPED,
        "switched off",
        "Switch it on again: the editor's menu or command, or the setting `enabled`.",
    )
    LANGUAGE_OFF = (
        Ending.SKIPPED,
        "switched off for this language",
        "Switch the language on in the editor's menu, or take it out of `disabled_languages`.",
    )
    FILE_OFF = Ending.SKIPPED, "switched off for this file", "Switch this file on again in the editor's menu."
    PAUSED = Ending.SKIPPED, "paused", "Wait, or resume in the editor's menu."
    EXCLUDED = (
        Ending.SKIPPED,
        "the file is excluded",
        "It matches the setting `exclude`, so that secrets are not sent. Your settings file may set other patterns.",
    )
    IGNORED = (
        Ending.SKIPPED,
        "the file is named in an ignore file",
        "That file keeps it from assistants. Remove its name there to get suggestions in it.",
    )
    TOO_DEEP = (
        Ending.SKIPPED,
        "the file lies in too many folders",
        "Move it up, or open a folder that is nearer to it.",
    )
    FILE_TOO_LARGE = (
        Ending.SKIPPED,
        "the file is too large",
        "Files of more than 20 million characters get no suggestions.",
    )
    LINE_TOO_LONG = (
        Ending.SKIPPED,
        "the line is too long",
        "Lines of more than 2,000 characters get no suggestions: they are minified or generated text.",
    )
    INSIDE_WORD = Ending.SKIPPED, "in the middle of a word", "Go to the end of the word, or ask by hand."
    INSIDE_LINE = (
        Ending.SKIPPED,
        "in the middle of a line",
        "Go to the end of the line, or ask by hand. In the middle, most suggestions repeat the text that follows.",
    )
    MARKDOWN_CELL = Ending.SKIPPED, "a Markdown cell", "Suggestions come in the notebook's code cells."
    OTHER_LANGUAGE_CELL = (
        Ending.SKIPPED,
        "a cell in another language than the notebook's",
        "Suggestions come in the language of most of the notebook's code.",
    )
    EMPTY_FILE = Ending.SKIPPED, "nothing to go on yet", "Type the first line, or ask by hand."
    NOT_OURS = (
        Ending.SKIPPED,
        "a line that git wrote",
        "Git removes this line from the message. Write above it.",
    )
    DISMISSED = (
        Ending.SKIPPED,
        "dismissed here",
        "You dismissed a suggestion here. Type something else, or ask by hand.",
    )
    OTHER_MENU_ENTRY = (
        Ending.SKIPPED,
        "the completion menu shows something else",
        "Choose another entry or close the menu.",
    )

    NOTHING_TO_ADD = (
        Ending.EMPTY,
        "the model has nothing to add here",
        "Type a little more, or ask by hand.",
    )
    NOTHING_LOCAL = (
        Ending.EMPTY,
        "the local lane has nothing for this place",
        "Without a key, only text like that in your own files is suggested. Set a key to ask a model.",
    )
    # Refused by the filter with this name.
    BLANK = Ending.FILTERED, "blank", "Nothing of the model's text was left to show. Type a little more."
    NEXT_LINE = Ending.FILTERED, "next line", "The model repeated the line below. Type a little more."
    STUTTER = (
        Ending.FILTERED,
        "stutter",
        "The model repeated the text at the cursor. Type a little more.",
    )
    REPETITION = (
        Ending.FILTERED,
        "repetition",
        "The model repeated lines from above. Type a little more.",
    )
    RECITED = Ending.FILTERED, "recited", "The model copied a line of the prompt. Type a little more."
    EXAMPLE_REPLY = (
        Ending.FILTERED,
        "example reply",
        "The model copied an example from the prompt. Type a little more.",
    )
    PLACEHOLDER = (
        Ending.FILTERED,
        "placeholder",
        "The model wrote a comment instead of code. Ask by hand to see more.",
    )
    SYNTAX = (
        Ending.FILTERED,
        "syntax",
        "The model's text would cause a syntax error. Type a little more, or ask by hand.",
    )
    WELDED = (
        Ending.FILTERED,
        "welded",
        "The model's text would have changed a word of yours into another. Type a little more.",
    )
    RESTORED_DELETION = (
        Ending.FILTERED,
        "restored deletion",
        "You deleted this text a moment ago. It is suggested again when you begin to type it.",
    )

    OUT_OF_TIME = (
        Ending.DEADLINE,
        "no answer within the budget",
        f"The answer is kept for your next key. {_FASTER}",
    )

    NEWER_REQUEST = Ending.SUPERSEDED, "a newer request", ""
    DOCUMENT_CHANGED = Ending.SUPERSEDED, "document changed", ""
    DOCUMENT_CLOSED = Ending.SUPERSEDED, "document closed", ""
    SENT_AWAY = Ending.SUPERSEDED, "dismissed", ""
    SETTINGS_CHANGED = Ending.SUPERSEDED, "the settings have changed", ""
    SHUTTING_DOWN = Ending.SUPERSEDED, "shutting down", ""
    CANCELLED = Ending.CANCELLED, "cancelled by the editor", ""

    LIMIT_SPENT = (
        Ending.FAILED,
        "today's limit is spent",
        "Raise `daily_limit_cents`, or wait for tomorrow.",
    )
    REFUSED_BEFOREHAND = Ending.FAILED, "", f"Nothing is sent until this is corrected. {_SETTINGS}"
    KEY_REFUSED = Ending.FAILED, "", f"Set a key that this endpoint accepts. {_SETTINGS}"
    NO_BALANCE = (
        Ending.FAILED,
        "",
        "Add money to the account, or raise its limit, on the provider's website.",
    )
    MODEL_UNKNOWN = Ending.FAILED, "", f"Set `model` to a model that the endpoint has. {_SETTINGS}"
    PROMPT_TOO_LONG = (
        Ending.FAILED,
        "",
        "The next prompt will be shorter. Lower `context_tokens` to make it shorter from the start.",
    )
    RATE_LIMITED = Ending.FAILED, "", "Wait, or ask the provider for a higher limit."
    TIMED_OUT = Ending.FAILED, "", f"Check whether the endpoint can be reached. {_SETTINGS}"
    UNAVAILABLE = Ending.FAILED, "", f"Wait, or check whether the endpoint is up. {_SETTINGS}"
    NOT_UNDERSTOOD = (
        Ending.FAILED,
        "",
        f"Check whether `base_url` is the address of an OpenAI-compatible endpoint. {_SETTINGS}",
    )
    WITHHELD = Ending.FAILED, "", "Type a little more, or choose another model."
    REQUEST_REFUSED = Ending.FAILED, "", f"Check `base_url` and `model`. {_SETTINGS}"
    BROKEN = (
        Ending.FAILED,
        "the gateway client failed",
        "See the log, and report this as a bug of typethrough.",
    )

    def __init__(self, ending: Ending, sentence: str, advice: str) -> None:
        self.ending = ending
        self.sentence = sentence
        self.advice = advice

    def refusal(self, sentence: str = "") -> Refusal:
        """A refusal with this cause, with the given sentence or else its own."""
        return Refusal(self, sentence or self.sentence)


class Refusal(NamedTuple):
    """Why something is not done: the cause, and the sentence for this case."""

    cause: Cause
    sentence: str


class StreamEnd(StrEnum):
    """How a stream ended. Records keep the value.

    A request that still waits for the stream and has no other source ends with `cause`.
    """

    cause: Cause

    # The model ended it.
    COMPLETE = "complete", Cause.NOTHING_TO_ADD
    LENGTH = "length", Cause.NOTHING_TO_ADD
    # We closed it.
    ENOUGH = "enough", Cause.NOTHING_TO_ADD
    DIVERGED = "diverged", Cause.DOCUMENT_CHANGED
    SUPERSEDED = "superseded", Cause.NEWER_REQUEST
    STALLED = "stalled", Cause.OUT_OF_TIME
    LOST = "lost", Cause.NOTHING_TO_ADD
    DOCUMENT_CLOSED = "document closed", Cause.DOCUMENT_CLOSED
    SETTINGS_CHANGED = "settings changed", Cause.SETTINGS_CHANGED
    SWITCHED_OFF = "switched off", Cause.SWITCHED_OFF
    NOT_PERMITTED = "not permitted", Cause.EXCLUDED
    SHUTDOWN = "shutdown", Cause.SHUTTING_DOWN
    # It failed. The values are the names of the errors, which old records contain too.
    TIMED_OUT = "GatewayTimeout", Cause.TIMED_OUT
    UNAVAILABLE = "GatewayUnavailable", Cause.UNAVAILABLE
    NOT_UNDERSTOOD = "GatewayProtocolError", Cause.NOT_UNDERSTOOD
    WITHHELD = "NothingSaid", Cause.WITHHELD
    REFUSED = "GatewayRejected", Cause.REQUEST_REFUSED
    KEY_REFUSED = "CredentialsRejected", Cause.KEY_REFUSED
    NO_BALANCE = "PaymentRequired", Cause.NO_BALANCE
    MODEL_UNKNOWN = "ModelNotFound", Cause.MODEL_UNKNOWN
    PROMPT_TOO_LONG = "PromptTooLong", Cause.PROMPT_TOO_LONG
    RATE_LIMITED = "RateLimited", Cause.RATE_LIMITED
    BROKEN = "failed", Cause.BROKEN

    def __new__(cls, value: str, cause: Cause) -> Self:
        """A string with a cause attached."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.cause = cause
        return member
