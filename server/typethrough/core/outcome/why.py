"""Why there was no suggestion, and what to do about it: outcomes in words for people, the same in every editor and terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from typethrough.core.document.uris import printable
from typethrough.core.outcome.outcome import Ending

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from typethrough.core.outcome.history import Entry

_SWITCH: Final = "Switch it on again: the editor's menu or command, or the setting `enabled`."
# By how the reason begins; the first that fits holds.
_BY_REASON: Final = (
    ("switched off for this file", "Switch this file on again in the editor's menu."),
    ("switched off for ", "Switch the language on in the editor's menu, or take it out of `disabled_languages`."),
    ("switched off", _SWITCH),
    ("paused", "Wait, or resume in the editor's menu."),
    ("the file is excluded", "It matches `exclude`, which keeps secrets from being sent; the user file may set other globs."),
    ("the file is too large", "Files of more than 20 million characters are left alone."),
    ("the line is too long", "Lines of more than 2,000 characters are left alone: minified or generated text."),
    ("in the middle of a word", "Go to the word's end, or ask by hand."),
    ("in the middle of a line", "Go to the line's end, or ask by hand: there a suggestion mostly repeats what follows."),
    ("nothing to go on yet", "Type the first line, or ask by hand."),
    ("dismissed here", "You sent a suggestion away here; type something else, or ask by hand."),
    ("the completion menu shows something else", "Choose another entry or close the menu."),
    ("the local lane has nothing", "Without a key only text like that in your own files is suggested; a key brings the model."),
    ("there is no model lane", "Set a key, or `base_url` for a server of your own; `typethrough settings` says what is missing."),
    ("today's limit", "Raise `daily_limit_cents`, or wait for tomorrow."),
)  # fmt: skip
_BY_ENDING: Final = {
    Ending.ANSWERED: "",
    Ending.SKIPPED: "Type on, or ask by hand.",
    Ending.EMPTY: "Type a little more, or ask by hand.",
    Ending.FILTERED: "The model's text would have repeated or broken what is there; type a little more.",
    Ending.SUPERSEDED: "",
    Ending.CANCELLED: "",
    Ending.DEADLINE: "The model is slower than `budget_ms`; what it says is kept for your next key. Lower `context_tokens`,"
    " raise `budget_ms`, or take a faster model.",
    Ending.FAILED: "See the log; `typethrough settings` shows endpoint, model and key in force.",
}
_EMPTY: Final = "Nothing has been asked yet: type in a file of a language that is not switched off."


def advice(entry: Entry) -> str:
    """What to do about an outcome; empty where there is nothing to do."""
    if entry.ending is Ending.ANSWERED:
        return ""
    return next(
        (what for start, what in _BY_REASON if entry.reason.startswith(start)), _BY_ENDING[entry.ending]
    )


def headline(entry: Entry) -> str:
    """How it ended and why, on one line."""
    if entry.ending is Ending.ANSWERED:
        return f"suggested ({entry.source})"
    reason = f"refused by the filter “{entry.reason}”" if entry.ending is Ending.FILTERED else entry.reason
    return f"nothing: {reason}"


def lines(entries: Iterable[Entry]) -> Iterator[str]:
    """The outcomes as plain text, two or three lines each."""
    empty = True
    for entry in entries:
        empty = False
        yield f"{_time(entry.at)}  {entry.file}  {printable(headline(entry))}"
        stages = ", ".join(
            f"{name.replace('_', ' ')} {ms:.1f} ms" for name, ms in entry.stages_ms.items() if name != "total"
        )
        overtaken = f"; {entry.overtaken} before it overtaken by typing" if entry.overtaken else ""
        yield f"          {entry.total_ms:.1f} ms{f' ({stages})' if stages else ''}{overtaken}"
        if what := advice(entry):
            yield f"          → {what}"
    if empty:
        yield _EMPTY


def _time(at: str) -> str:
    """The time of day of an ISO 8601 time."""
    return at.partition("T")[2][:8]
