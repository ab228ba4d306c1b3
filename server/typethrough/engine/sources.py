"""The facts for decisions about the waiting request. Each fact is computed only when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from typethrough.core.asking.bet import Habits, Odds
from typethrough.core.asking.facts import Known
from typethrough.core.asking.manner import longest_wait_ms
from typethrough.core.asking.place import unwanted_at
from typethrough.core.asking.routes import route_of
from typethrough.core.outcome.causes import Cause
from typethrough.core.outcome.outcome import Source
from typethrough.core.suggestion.cache import Hit
from typethrough.core.suggestion.offer import Offer, from_growing, from_hit, from_shown, from_unfinished
from typethrough.core.suggestion.trail import fits, typed_between
from typethrough.local.predictor import CONFIDENT, USABLE, best

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typethrough.core.asking.decide import Answer
    from typethrough.core.asking.routes import Route
    from typethrough.core.document.view import View
    from typethrough.core.gate.gate import Gate, SendPermit
    from typethrough.core.outcome.causes import Refusal
    from typethrough.core.settings.schema import Settings
    from typethrough.core.suggestion.amount import Amount
    from typethrough.core.suggestion.cache import CompletionCache, Entry
    from typethrough.engine.local_lane import LocalLane
    from typethrough.engine.model_lane import ModelLane
    from typethrough.engine.open_document import OpenDocument
    from typethrough.engine.pending import Pending
    from typethrough.engine.ports import Clock
    from typethrough.local.predictor import Guess

# Longer pauses tell nothing more.
_LONGEST_MS: Final = 3_000.0
# A shorter wait is not mentioned to the user.
_TOLD_MS: Final = 100.0
# How long to wait for the rest of a body after its first line. Most models write several lines in that time.
_PATIENCE_S: Final = 0.25


@dataclass(slots=True)
class Sources:
    """Where suggestions come from, for all documents, and the current settings."""

    settings: Settings
    cache: CompletionCache
    model: ModelLane
    local: LocalLane
    clock: Clock
    gate: Gate
    habits: Habits = field(default_factory=Habits)

    def refusal(self, document: OpenDocument, now_s: float) -> Refusal | None:
        """Why there are no suggestions in a document, or None."""
        return self.gate.refusal(document.uri, document.document.language_id, now_s)

    def may_send(self, document: OpenDocument) -> SendPermit | Refusal:
        """A permit to send a document's text now, or the reason against it."""
        return self.gate.may_send(document.uri, document.document.language_id, self.clock.now())

    def route_of(self, view: View, *, invoked: bool) -> Route | None:
        """The route of a request, or None for the default model."""
        settings = self.settings
        return route_of(settings.routes, view, invoked=invoked, max_lines=settings.max_lines)


class RequestFacts:
    """The `Facts` of one request at one event."""

    __slots__ = (
        "_document",
        "_pending",
        "_sources",
        "_view",
        "deadline_s",
        "expected",
        "invoked",
        "is_routed",
        "now_s",
        "promised",
        "waited_for",
    )

    def __init__(self, sources: Sources, document: OpenDocument, pending: Pending) -> None:
        request, flight = pending.request, pending.flight
        self.invoked = request.invoked
        self.expected = request.expected
        self.promised = pending.promised
        self.is_routed = pending.route is not None
        self.waited_for = flight.entry if flight is not None else None
        self.deadline_s = pending.deadline_s
        self.now_s = sources.clock.now()
        self._sources = sources
        self._document = document
        self._pending = pending
        self._view = pending.view

    def unwanted(self) -> Refusal | None:
        """The first reason against a suggestion: from the client, the gate, the place, or because one was dismissed here."""
        cause = self._pending.request.unwanted
        if cause is None and (refusal := self._sources.refusal(self._document, self.now_s)) is not None:
            return refusal
        cause = cause or unwanted_at(self._view, invoked=self.invoked, has_context=self._document.has_context)
        if cause is None and self._document.unwanted.is_dismissed(self._view):
            cause = Cause.DISMISSED
        return cause.refusal() if cause is not None else None

    def left_of_shown(self) -> Offer:
        """What is left of the suggestion on the screen."""
        return from_shown(self._document.shown, self._view)

    def known(self) -> Iterator[Known]:
        """Cached answers that fit here. Without a route, those of any model; with one, only those of that model."""
        route, model = self._pending.route, self._sources.model
        for hit in self._sources.cache.look_up(self._view):
            if (route is None or hit.entry.model == model.model_for(route)) and self._leads_on(hit):
                known = self._known(hit)
                # After text typed since, the model may offer something other than what was dismissed.
                if known.offer.cause is not Cause.DISMISSED or not hit.typed:
                    yield known

    def others(self) -> Iterator[Known]:
        """Cached answers of models other than the request's."""
        chosen = self._sources.model.model_for(self._pending.route)
        for flight in self._document.questions:
            flight.clean()
        for hit in self._sources.cache.look_up(self._view):
            if hit.entry.model != chosen:
                yield Known(hit.entry, self._from_hit(hit))

    def besides(self, answer: Answer) -> Iterator[tuple[Offer, Source]]:
        """All other known texts for this place, for a user who looks through them."""
        given = {answer.offer.text}
        for offer, source in self._everything(answer):
            if offer.text and offer.text not in given and offer.text.startswith(self.expected):
                given.add(offer.text)
                yield offer, source

    def _everything(self, answer: Answer) -> Iterator[tuple[Offer, Source]]:
        for flight in self._document.questions:
            flight.clean()
        for hit in self._sources.cache.look_up(self._view):
            if hit.entry is not answer.entry:
                yield self._from_hit(hit), Source.CACHE
        if self._sources.settings.local_lane and answer.source is not Source.LOCAL:
            yield self._local_offer(best(self._guesses(), 0.0)), Source.LOCAL

    def guess(self, *, at_once: bool) -> Offer:
        """The local lane's guess, if it is likely enough. To answer without asking a model, it must be a whole line."""
        if not self._sources.settings.local_lane:
            return Offer()
        if at_once and self.refusal() is None:
            return self._local_offer(best(self._guesses(), CONFIDENT, only_whole=True))
        return self._local_offer(best(self._guesses(), USABLE))

    def ask_at_s(self) -> float:
        """When to ask, counted from the last edit or cursor move, so that the editor's own delay is included."""
        if self.invoked:
            return self.now_s
        settings, model, route = self._sources.settings, self._sources.model, self._pending.route
        quiet_s = self._document.quiet_since_s
        odds = Odds(
            model.waits(route).likely_ms(),
            _rounded((self.deadline_s - quiet_s) * 1_000),
            _rounded(min(_LONGEST_MS, (self.now_s - quiet_s) * 1_000)),
            settings.debounce_min_ms,
            min(settings.debounce_max_ms, longest_wait_ms(self._view)),
            round(model.dollars(route), 3),
            self._document.hand.strays(self._view.position),
        )
        spot = self._document.hand.at(self._view)
        return quiet_s + self._sources.habits.wait_ms(spot, odds) / 1_000

    def hesitation(self) -> str:
        """Why the model was asked late, if the wait was long enough to matter. Else empty."""
        waited_ms = self._pending.stages_ms.get("asked", 0.0)
        if waited_ms < _TOLD_MS:
            return ""
        why = self._document.hand.at(self._view).value.words
        return f"{Cause.OUT_OF_TIME.sentence}; the model was asked after {waited_ms:.0f} ms, since {why}"

    def refusal(self) -> Refusal | None:
        """Why the model cannot be asked, from the model lane."""
        return self._sources.model.refusal(self._pending.route)

    def said(self, entry: Entry) -> Offer:
        """What a growing text offers, once there is enough of it."""
        hit = self._hit(entry)
        return self._from_hit(hit) if hit is not None else Offer()

    def certain(self, entry: Entry) -> str:
        """The certain start of a growing text. Empty if the client does not show growing texts."""
        hit = self._hit(entry) if self._pending.shows_growth else None
        text = from_growing(hit, self._view, self._amount) if hit is not None else ""
        # It begins like a dismissed suggestion, but may still become something else, so do not show it yet.
        return "" if text and self._document.unwanted.is_sent_away(text, self._view) else text

    def is_due(self, entry: Entry) -> bool:
        """Whether lines have waited too long. Not for a client that shows growing texts, because it has them already."""
        flight = self._pending.flight
        if flight is None or flight.entry is not entry or self._pending.shows_growth:
            return False
        begun_s = flight.first_line_s
        return begun_s is not None and self._amount.cautious and self.now_s - begun_s >= _PATIENCE_S

    def unfinished(self, entry: Entry) -> Offer:
        """The finished lines of a growing text, or a first line that looks finished."""
        hit = self._hit(entry)
        return self._wanted(from_unfinished(hit, self._view, self._amount)) if hit is not None else Offer()

    def _guesses(self) -> list[Guess]:
        """The local lane's guesses, computed once per request."""
        pending = self._pending
        if pending.guesses is None:
            pending.guesses = self._sources.local.guesses(pending.question_view)
        return pending.guesses

    @property
    def _amount(self) -> Amount:
        """How much may be shown."""
        return self._pending.amount(self._sources.settings.max_lines)

    def _leads_on(self, hit: Hit) -> bool:
        """Whether an answer continues the selected entry of an open menu, or may still do so."""
        if not self.expected:
            return True
        if (flight := self._document.flight_of(hit.entry)) is not None:
            flight.clean()
        return fits(self.expected, hit.entry.text[len(hit.typed) :], growing=flight is not None)

    def _known(self, hit: Hit) -> Known:
        flight = self._document.flight_of(hit.entry)
        if flight is None:
            return Known(hit.entry, self._from_hit(hit), said_all=hit.said_all)
        if self._sources.model.stalled(flight):
            return Known(hit.entry, Offer(), is_stalled=True)
        flight.clean()
        hit = hit.anew()
        return Known(hit.entry, self._from_hit(hit), is_growing=True, said_all=hit.said_all)

    def _hit(self, entry: Entry) -> Hit | None:
        """What a stream offers at the request's cursor. None if it does not fit there."""
        waited_for, view = self._pending.flight, self._view
        flight = self._document.flight_of(entry)
        if flight is None and waited_for is not None and waited_for.entry is entry:
            # The stream has just ended.
            flight = waited_for
        if flight is None:
            return None
        flight.clean()
        typed = typed_between(view.snapshot, flight.trail.origin, view.position)
        hit = Hit(entry, typed, flight.now, view)
        return hit if hit.fits and len(flight.text) >= len(typed) else None

    def _from_hit(self, hit: Hit) -> Offer:
        return self._wanted(from_hit(hit, self._view, self._amount))

    def _wanted(self, offer: Offer) -> Offer:
        """The offer, unless the user has dismissed it near this place."""
        is_sent_away = offer.text and self._document.unwanted.is_sent_away(offer.text, self._view)
        return Offer(cause=Cause.DISMISSED) if is_sent_away else offer

    def _local_offer(self, guess: Guess | None) -> Offer:
        """A guess as text for the cursor. If a menu's selection is assumed, the text begins with it."""
        if guess is None:
            return Offer()
        text = self._pending.question_view.assumed + guess.text
        return self._wanted(Offer(text, replaces=guess.replaces))


def _rounded(ms: float) -> float:
    """Round down to ten milliseconds, so that a value computed for one key can be reused for the next."""
    return ms // 10 * 10
