"""Decides what happens to a request, at each event.

Pure: an event and the facts go in, and a list of actions comes out, in the order in which they are to be done.
`engine.answers` does them. Sources come in order of cost: what is shown, the cache, a stream to join, the local lane, the
model. A fact is computed only when the cheaper ones have not decided.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

from typethrough.core.outcome.causes import Cause, Refusal, StreamEnd
from typethrough.core.outcome.outcome import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typethrough.core.asking.facts import Facts
    from typethrough.core.suggestion.cache import Entry
    from typethrough.core.suggestion.offer import Offer


class Moment(Enum):
    """Events without a value: the request arrived; the user has paused; the budget is over; the route's model was given up, so
    the default model may answer.
    """

    ARRIVED = auto()
    QUIET = auto()
    DEADLINE = auto()
    REROUTED = auto()


class Text(NamedTuple):
    """Text of a stream has come. `fits`: it fits what was typed meanwhile. `is_enough`: no more of it is needed."""

    entry: Entry
    fits: bool
    is_enough: bool


class Ended(NamedTuple):
    """A stream has ended. `error`: the sentence for the user if it failed. `was_chosen`: a route chose its model, so the
    default model can take over.
    """

    entry: Entry
    end: StreamEnd
    error: str = ""
    was_chosen: bool = False


class Edited(NamedTuple):
    """The document was edited, and the answers of these streams no longer fit."""

    diverged: Sequence[Entry]


class Stopped(NamedTuple):
    """These streams must end. With a `refusal` the waiting request ends too. Without, it waits until it may ask again."""

    end: StreamEnd
    entries: Sequence[Entry]
    refusal: Refusal | None


class Answer(NamedTuple):
    """End the request with a suggestion."""

    source: Source
    offer: Offer
    entry: Entry | None = None


class Promise(NamedTuple):
    """Show the beginning of the answer now. The answer must begin with it."""

    text: str
    entry: Entry


class End(NamedTuple):
    """End the request without a suggestion."""

    cause: Cause
    sentence: str = ""


class Join(NamedTuple):
    """Wait for a stream that is already running."""

    entry: Entry


class Close(NamedTuple):
    """Close a stream."""

    entry: Entry
    end: StreamEnd


class Wait(NamedTuple):
    """Decide again at this time."""

    until_s: float
    moment: Moment


class Step(Enum):
    """Actions without a value: send the question; stop waiting for a stream; give up the route's model."""

    ASK = auto()
    LEAVE = auto()
    REROUTE = auto()


Event = Moment | Text | Ended | Edited | Stopped
Action = Answer | Promise | End | Join | Close | Wait | Step


def decide(event: Event, facts: Facts | None) -> list[Action]:
    """The actions for an event. `facts` are those of the waiting request, None if there is none."""
    match event:
        case Edited():
            over: list[Action] = [End(Cause.DOCUMENT_CHANGED)] if facts is not None else []
            # End the request first, because an answer is only for the version it was asked for.
            return over + [Close(entry, StreamEnd.DIVERGED) for entry in event.diverged]
        case Text():
            return _text(event, facts)
        case Stopped():
            return _stopped(event, facts)
    if facts is None:
        return []
    match event:
        case Moment.ARRIVED:
            return _arrived(facts)
        case Moment.QUIET:
            return _ask(facts)
        case Moment.DEADLINE:
            return _deadline(facts)
        case Moment.REROUTED:
            actions, is_settled = _from_known(facts)
            is_waiting = any(isinstance(action, Join) for action in actions)
            return actions if is_settled or is_waiting else actions + _ask(facts)
        case Ended():
            return _ended(event, facts) if facts.waited_for is event.entry else []


def _arrived(facts: Facts) -> list[Action]:
    if (refusal := facts.unwanted()) is not None:
        return [End(*refusal)]
    shown = facts.left_of_shown()
    if not facts.invoked and _suits(shown, facts):
        return [Answer(Source.SHOWN, shown)]
    actions, is_settled = _from_known(facts)
    if is_settled:
        return actions
    joined = next((action.entry for action in actions if isinstance(action, Join)), None)
    promised = facts.promised
    if joined is not None and (text := _promise(joined, facts)):
        # This must come before any other answer: the client shows it, and the answer must begin with it.
        promised = text
        actions.append(Promise(text, joined))
    # A local guess is not enough when a route chose a model, or when the user asks by hand while a guess is on the screen.
    wants_model = facts.is_routed or (facts.invoked and bool(shown.text))
    if not wants_model:
        guess = facts.guess(at_once=True)
        if _suits(guess, facts, promised):
            return [*actions, Answer(Source.LOCAL, guess)]
    if "\n" in facts.expected:
        # The model is asked only for text that follows on a line.
        return [*actions, End(Cause.OTHER_MENU_ENTRY)]
    actions.append(Wait(facts.deadline_s, Moment.DEADLINE))
    if joined is not None:
        return actions
    return actions + _ask_in_time(facts)


def _ask_in_time(facts: Facts) -> list[Action]:
    """Ask the model now, or wait for the time at which it should be asked."""
    at_s = facts.ask_at_s()
    return _ask(facts) if at_s <= facts.now_s else [Wait(at_s, Moment.QUIET)]


def _from_known(facts: Facts) -> tuple[list[Action], bool]:
    """An answer from earlier streams, or the stream to join; and whether that settles the request."""
    actions: list[Action] = []
    is_joined, refused = False, None
    for known in facts.known():
        if known.is_stalled:
            actions.append(Close(known.entry, StreamEnd.STALLED))
            continue
        refused = refused or known.offer.cause
        if _suits(known.offer, facts):
            source = Source.JOIN if known.is_growing else Source.CACHE
            return [*actions, Answer(source, known.offer, known.entry)], True
        if known.is_growing and not is_joined:
            is_joined = True
            actions.append(Join(known.entry))
        if known.said_all and not facts.invoked:
            return [*actions, End(Cause.NOTHING_TO_ADD)], True
    if refused and not is_joined and not facts.invoked:
        return [*actions, End(refused)], True
    return actions, False


def _ask(facts: Facts) -> list[Action]:
    """Ask the model. If that is not possible, let the local lane answer with what it has."""
    refusal = facts.refusal()
    return [Step.ASK] if refusal is None else _from_local(facts) or [End(*refusal)]


def _text(event: Text, facts: Facts | None) -> list[Action]:
    waiting = facts if facts is not None and facts.waited_for is event.entry else None
    if not event.fits:
        closing: list[Action] = [Close(event.entry, StreamEnd.DIVERGED)]
        return closing if waiting is None else [Step.LEAVE, *closing, *_ask_in_time(waiting)]
    actions: list[Action] = []
    is_enough = event.is_enough
    if waiting is not None:
        offer = waiting.said(event.entry)
        if _suits(offer, waiting):
            actions.append(Answer(Source.MODEL, offer, event.entry))
            is_enough = is_enough or offer.is_all
        elif _contradicts_menu(offer, waiting):
            actions += [Step.LEAVE, *_ask(waiting)]
        elif waiting.is_due(event.entry) and _suits(lines := waiting.unfinished(event.entry), waiting):
            actions.append(Answer(Source.MODEL, lines, event.entry))
        elif text := _promise(event.entry, waiting):
            actions.append(Promise(text, event.entry))
    if is_enough:
        actions.append(Close(event.entry, StreamEnd.ENOUGH))
    return actions


def _ended(event: Ended, facts: Facts) -> list[Action]:
    """The stream that the request waits for has ended. Find the next best answer."""
    offer = facts.said(event.entry)
    if _suits(offer, facts):
        return [Answer(Source.MODEL, offer, event.entry)]
    if event.error and event.was_chosen:
        return [Step.LEAVE, Step.REROUTE]
    if _contradicts_menu(offer, facts):
        return [Step.LEAVE, *_ask(facts)]
    if found := _from_others(facts) or _from_local(facts):
        return found
    if offer.cause and not event.error:
        return [End(offer.cause)]
    return [End(event.end.cause, event.error)]


def _deadline(facts: Facts) -> list[Action]:
    """The best complete line so far, else the local lane's guess, else nothing."""
    entry = facts.waited_for
    if entry is not None and _suits(offer := facts.unfinished(entry), facts):
        return [Answer(Source.MODEL, offer, entry)]
    return _from_others(facts) or _from_local(facts) or [End(Cause.OUT_OF_TIME, facts.hesitation())]


def _stopped(event: Stopped, facts: Facts | None) -> list[Action]:
    closing: list[Action] = [Close(entry, event.end) for entry in event.entries]
    if facts is None:
        return closing
    return [End(*event.refusal) if event.refusal is not None else Step.LEAVE, *closing]


def _from_others(facts: Facts) -> list[Action]:
    """An answer of another model for this place, when the chosen one has not answered in time."""
    for known in facts.others() if facts.is_routed else ():
        if _suits(known.offer, facts):
            return [Answer(Source.CACHE, known.offer, known.entry)]
    return []


def _from_local(facts: Facts) -> list[Action]:
    guess = facts.guess(at_once=False)
    return [Answer(Source.LOCAL, guess)] if _suits(guess, facts) else []


def _promise(entry: Entry, facts: Facts) -> str:
    """What can be shown beyond what was shown before. Empty if nothing can."""
    text = facts.certain(entry)
    is_longer = len(text) > len(facts.promised) and text.startswith(facts.promised)
    return text if is_longer and text.startswith(facts.expected) else ""


def _contradicts_menu(offer: Offer, facts: Facts) -> bool:
    """Whether the text differs from the menu's selected entry. That can happen to a stream that began without the menu."""
    return bool(offer.text) and not offer.text.startswith(facts.expected)


def _suits(offer: Offer, facts: Facts, promised: str | None = None) -> bool:
    """Whether there is a text that begins with what was promised, and continues what the menu has selected."""
    begins = facts.promised if promised is None else promised
    is_more = len(offer.text) > len(facts.expected)
    return is_more and offer.text.startswith(facts.expected) and offer.text.startswith(begins)
