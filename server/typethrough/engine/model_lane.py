"""The model lane: whether the model can be asked now, how a question is put together, and what streams teach."""

from __future__ import annotations

import asyncio
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from typethrough.core.outcome.causes import Cause, StreamEnd
from typethrough.core.outcome.faults import Fault
from typethrough.core.outcome.outcome import Purpose
from typethrough.core.prompt.economist import Terms, warm_up_pays
from typethrough.engine.experience import Counts, Experience, record_unheard
from typethrough.engine.flight import Flight
from typethrough.engine.gateways import Gateways
from typethrough.engine.loop import Background
from typethrough.engine.ports import CredentialsRejected, ModelNotFound, RateLimited, Upstream

if TYPE_CHECKING:
    from collections.abc import Callable

    from typethrough.core.asking.routes import Route
    from typethrough.core.asking.waits import Waits
    from typethrough.core.document.view import View
    from typethrough.core.gate.gate import SendPermit
    from typethrough.core.outcome.causes import Refusal
    from typethrough.core.prompt.message import Prompt
    from typethrough.core.prompt.sent import Sent
    from typethrough.core.settings.schema import Settings
    from typethrough.engine.open_document import OpenDocument
    from typethrough.engine.pending import Pending
    from typethrough.engine.ports import Clock, Gateway, Recorder

# A stream that has said nothing for this many typical waits is not worth joining; nor sooner, for a fast server may have a long
# prompt to read again, and would begin anew each time it is asked anew.
_STALLED_WAITS = 4.0
_STALLED_S, _STALLED_LOCAL_S = 2.0, 10.0
_PRUNED_FROM = 64


class Question(NamedTuple):
    """What is asked of a model: whom, by which terms, with which prompt, for which view, and why."""

    gateway: Gateway
    terms: Terms
    prompt: Prompt
    view: View
    purpose: Purpose


class ModelLane:
    """Streams to the models of one endpoint. Without a gateway, or switched off, it is `absent`.

    `trouble` has the cause of what failed last, by the model.
    """

    def __init__(
        self, gateway: Gateway | Gateways | None, settings: Settings, clock: Clock, recorder: Recorder
    ) -> None:
        self._gateways = Gateways.of(gateway) if gateway is not None else None
        self._settings = settings
        self._clock = clock
        self._recorder = recorder
        self._experiences: dict[str, Experience] = {}
        self._warned: set[str] = set()
        self.trouble: dict[str, Fault] = {}
        # Whether the user has been told of something that he was to mend, and has had no answer since.
        self._is_missed = False
        self._asked_last = ""
        self._is_limit_told = False
        # Requests that wait for room, the newest last.
        self._under_way = 0
        self._waiting: list[tuple[Pending, Callable[[], None]]] = []
        self._prune_at = _PRUNED_FROM
        self._ids = count(1)
        self._background = Background()

    @property
    def absent(self) -> bool:
        """Whether there is no model to ask at all."""
        return self._gateways is None or not self._settings.model_lane

    def refusal(self, route: Route | None = None) -> Refusal | None:
        """Why no model can be asked for a route now, or None."""
        if self._gateways is None or self.absent:
            # All there is without a model is the local lane, which is asked first.
            return Cause.NOTHING_LOCAL.refusal()
        if sentence := self._gateways.chosen(route).refusal():
            return Cause.REFUSED_BEFOREHAND.refusal(sentence)
        if limit := self._over_limit():
            self._tell_limit(limit)
            return Cause.LIMIT_SPENT.refusal(limit)
        if self._is_limit_told:
            self._is_limit_told = False
            self._recorder.status("ready", "")
        return None

    def look_at_limit(self) -> None:
        """Say it, even if it was said before, when the day's limit is spent."""
        self._is_limit_told = False
        self.refusal()

    def is_crowded(self, route: Route | None = None) -> bool:
        """Whether as many questions are under way as the endpoint keeps up with."""
        return self._gateways is not None and self._under_way >= self._gateways.chosen(route).most_at_once

    def when_free(self, pending: Pending, ask: Callable[[], None]) -> None:
        """Have a request ask when there is room for it, the newest first; never when it has ended by then."""
        self._waiting.append((pending, ask))
        if len(self._waiting) >= self._prune_at:
            self._waiting = [one for one in self._waiting if not one[0].ended]
            self._prune_at = max(_PRUNED_FROM, 2 * len(self._waiting))

    def _let_in(self) -> None:
        while self._waiting and not self.is_crowded():
            pending, ask = self._waiting.pop()
            if not pending.ended:
                ask()

    def model_for(self, route: Route | None) -> str:
        """The model that would be asked for a route now; empty when there is none at all."""
        return self._gateways.chosen(route).model if self._gateways is not None else ""

    def waits(self, route: Route | None) -> Waits:
        """The waits for the model of a route."""
        return self._experience(self.model_for(route)).waits

    def dollars(self, route: Route | None) -> float:
        """What a question to the model of a route costs."""
        return self._experience(self.model_for(route)).dollars

    def use(self, gateway: Gateway | Gateways | None, settings: Settings) -> None:
        """Ask another gateway from now on; the old one is closed in the background."""
        before = self._gateways
        if before is not None and gateway not in (before, before.default):
            self._is_missed = self._is_missed or any(fault.lasts for fault in self.trouble.values())
            self.trouble.clear()
            self._background.start(before.aclose())
            self._gateways = None
        if self._gateways is None and gateway is not None:
            self._gateways = Gateways.of(gateway)
        self._settings = settings

    def send(
        self,
        document: OpenDocument,
        question: Question,
        on_text: Callable[[Flight], None],
        on_end: Callable[[Flight], None],
    ) -> Flight:
        """Send a question about a document. Only when `refusal` is None."""
        gateway, terms, prompt, view, purpose = question
        self._warn(gateway)
        counts, now_s = Counts(self._recorder), self._clock.now()

        @cache
        def sent() -> Sent:
            """What is known of the prompt, worked out when the question is on its way: nobody waits for it."""
            return self._experience(gateway.model).send(prompt, terms, now_s)

        def ended(flight: Flight) -> None:
            self._under_way -= 1
            document.landed(flight)
            self._learn(flight, gateway, counts, sent())
            self._warn(gateway)
            on_end(flight)
            self._let_in()

        flight = Flight(view, purpose, self._clock, on_text, ended)
        flight.entry.model, flight.is_local = gateway.model, gateway.profile.is_local
        if purpose is not Purpose.WARM_UP:
            flight.race = gateway.race()
        document.sent(flight)
        self._asked_last = document.uri
        self._under_way += 1
        flight.start(gateway, prompt, counts)
        asyncio.get_running_loop().call_soon(sent)
        if purpose is not Purpose.WARM_UP:
            self._recorder.status("busy", "")
        return flight

    def question(
        self,
        permit: SendPermit,
        document: OpenDocument,
        view: View,
        purpose: Purpose,
        route: Route | None = None,
    ) -> Question:
        """What would be asked of whom. Every prompt is built here, the one that is sent and the one that is only shown."""
        if self._gateways is None:
            raise RuntimeError("a question needs a gateway")
        gateway = self._gateways.chosen(route)
        terms = self._terms(gateway)
        if purpose is Purpose.WARM_UP:
            terms = terms._replace(max_output_tokens=1)
        prompt = document.prompt.build(permit, view, terms, self._clock.now())
        return Question(gateway, terms, prompt, view, purpose)

    def warm_up(self, permit: SendPermit, document: OpenDocument) -> None:
        """Have the model read a document's context before somebody waits for it, where that pays and the context is cold."""
        if self._gateways is None or document.warming is not None or document.questions:
            return
        if self.refusal() or self.is_crowded():
            return
        gateway, now_s = self._gateways.default, self._clock.now()
        # A server at home has room for one text or a few: another document's has taken the place of this one's.
        is_elsewhere = gateway.profile.is_local and self._asked_last != document.uri
        is_cold = document.prompt.is_cold(self._terms(gateway), now_s) or is_elsewhere
        if is_cold and warm_up_pays(gateway.profile, self._settings.warm_up):
            view = document.view(document.asked_at, now_s)
            self.send(
                document,
                self.question(permit, document, view, Purpose.WARM_UP),
                lambda flight: document.close(StreamEnd.ENOUGH, flight.entry),
                lambda _: None,
            )

    def stalled(self, flight: Flight) -> bool:
        """Whether a stream has been silent for so long that it is not worth waiting for."""
        if flight.ttft_ms is not None:
            return False
        least_s = _STALLED_LOCAL_S if flight.is_local else _STALLED_S
        waits = self._experience(flight.entry.model).waits
        waited_s = self._clock.now() - flight.started_s
        return waited_s > max(least_s, _STALLED_WAITS * waits.median_ms() / 1_000)

    def try_again(self) -> None:
        """The user is back, or a key has changed: what kept the models from being asked may be gone."""
        if self._gateways is not None and self.trouble:
            self._gateways.try_again()

    def warm(self) -> None:
        """Have the next question find an open connection."""
        if self._gateways is not None and not self.refusal():
            self._background.start(self._gateways.warm())

    async def aclose(self) -> None:
        """Close the gateways, and wait for what runs in the background."""
        await self._background.aclose()
        if self._gateways is not None:
            await self._gateways.aclose()

    def forget(self) -> None:
        """Forget the prompts that were sent."""
        for experience in self._experiences.values():
            experience.forget()

    def context_chars(self) -> int:
        """How much a prompt may hold of files just now; nothing without a model."""
        if self._gateways is None or self.absent:
            return 0
        return self._terms(self._gateways.default).context_chars

    def _terms(self, gateway: Gateway) -> Terms:
        settings, profile = self._settings, gateway.profile
        experience = self._experience(gateway.model)
        context_tokens = experience.allowance.tokens(profile, settings.context_tokens)
        context_chars = experience.ratio.chars(context_tokens)
        limit_tokens = experience.allowance.limit_tokens(profile)
        return Terms(profile, context_chars, settings.max_output_tokens, limit_tokens, settings.hide_secrets)

    def _experience(self, model: str) -> Experience:
        experience = self._experiences.get(model)
        if experience is None:
            experience = self._experiences[model] = Experience()
        return experience

    def _learn(self, flight: Flight, gateway: Gateway, counts: Counts, sent: Sent) -> None:
        """A stream has ended: put every request that it has taken on record, and learn from the one that was heard."""
        race, purpose = flight.race, flight.purpose
        is_warm_up = purpose is Purpose.WARM_UP
        if not is_warm_up and (flight.ttft_ms is not None or flight.end is not StreamEnd.COMPLETE):
            waited_ms = flight.ttft_ms or (self._clock.now() - flight.started_s) * 1_000
            self._experience(gateway.model).waits.note(waited_ms, spoke=flight.ttft_ms is not None)
        heard = race.heard if race is not None else Upstream(gateway.model, gateway.profile)
        experience = self._experience(heard.model)
        experience.learn(flight, heard, sent)
        counts.record(experience.record(self._id(), flight, heard, sent), heard)
        if race is not None and (unheard := race.unheard) is not None:
            counts.record(record_unheard(self._id(), flight, unheard), unheard)
            if isinstance(unheard.error, ModelNotFound | CredentialsRejected):
                # The request is none the worse, but without a word the setting would stay wrong.
                self._recorder.notice(f"{unheard.error.fault.name} {unheard.model}", str(unheard.error))
        if not is_warm_up or flight.error is not None:
            # A warm-up's failure too: the request that comes next may be refused for the same cause, without a word.
            self._report(flight, gateway)

    def _warn(self, gateway: Gateway) -> None:
        """Tell the user once what the endpoint says against a model, or that another has taken its place."""
        warning = gateway.profile.warning
        if warning and warning not in self._warned:
            self._warned.add(warning)
            self._recorder.notice(f"model {gateway.model}", warning)

    def _id(self) -> str:
        return str(next(self._ids))

    def _report(self, flight: Flight, gateway: Gateway) -> None:
        """Tell the user what state a stream has left the lane in."""
        error, model = flight.error, gateway.model
        if error is not None and not error.fault.told:
            # Nothing is wrong that anybody could mend.
            return
        if error is not None:
            self.trouble[model] = error.fault
            # Of a route whose place the default model takes, all is well but for the route.
            is_routed = model != self.model_for(None) and not self.refusal()
            self._recorder.notice(
                f"{error.fault.name} {model}" if is_routed else error.fault.name, str(error)
            )
            kind = "rate_limited" if isinstance(error, RateLimited) else "error"
            self._recorder.status(*(("ready", "") if is_routed else (kind, str(error))))
            return
        is_heard = flight.ttft_ms is not None or flight.end is StreamEnd.COMPLETE
        if is_heard:
            fault = self.trouble.pop(model, None)
            if self._is_missed or (fault is not None and fault.lasts):
                self._is_missed = False
                self._recorder.notice(f"well {model}", f"The model {model} answers again.", is_good=True)
        if limit := self._over_limit():
            self._tell_limit(limit)
        elif is_heard or not self.trouble.get(self.model_for(None)):
            self._recorder.status("ready", "")

    def _tell_limit(self, limit: str) -> None:
        """Say once that the day's limit is spent, whoever has spent it: this process, or one before it."""
        if not self._is_limit_told:
            self._is_limit_told = True
            self._recorder.notice(Fault.LIMIT_SPENT.name, limit)
            self._recorder.status("over_limit", limit)

    def _over_limit(self) -> str:
        """Why nothing more is spent today, or the empty string."""
        limit_cents = self._settings.daily_limit_cents
        if not limit_cents or self._recorder.today().dollars * 100 < limit_cents:
            return ""
        return Fault.LIMIT_SPENT.says(limit=f"{limit_cents / 100:.2f}")
