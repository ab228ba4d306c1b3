"""The model lane: whether the model can be asked now, how a question is built, and what is learned from streams."""

from __future__ import annotations

import asyncio
from collections import Counter
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

# A stream that is silent for this many typical waits is not worth joining. The two minimum times matter for a fast
# server: it may have to read a long prompt again, and would start over with each new question.
_STALLED_WAITS = 4.0
_STALLED_S, _STALLED_LOCAL_S = 2.0, 10.0
_PRUNED_EVERY = 64


class Question(NamedTuple):
    """A question to a model: to which gateway, on which terms, with which prompt, for which view, and for what purpose."""

    gateway: Gateway
    terms: Terms
    prompt: Prompt
    view: View
    purpose: Purpose


class ModelLane:
    """Streams to the models of one endpoint. It is `absent` without a gateway, or when switched off.

    `trouble` has the last fault of each model.
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
        # Whether the user was told of a lasting fault, and no model has answered since.
        self._is_missed = False
        self._asked_last = ""
        self._is_limit_told = False
        # How many streams of each model are running.
        self._under_way: Counter[str] = Counter()
        # Requests that wait for a free place at the model of a route, the newest last.
        self._waiting: dict[Route | None, list[tuple[Pending, Callable[[], None]]]] = {}
        self._ids = count(1)
        self._background = Background()

    @property
    def absent(self) -> bool:
        """Whether there is no model to ask."""
        return self._gateways is None or not self._settings.model_lane

    def refusal(self, route: Route | None = None) -> Refusal | None:
        """Why no model can be asked for a route now, or None."""
        if self._gateways is None or self.absent:
            # Without a model there is only the local lane, which was asked before.
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
        """Tell the user if the day's limit is spent, even if that was said before."""
        self._is_limit_told = False
        self.refusal()

    def is_crowded(self, route: Route | None = None) -> bool:
        """Whether as many questions are running at a route's model as its endpoint can handle."""
        if self._gateways is None:
            return False
        gateway = self._gateways.chosen(route)
        return self._under_way[gateway.model] >= gateway.most_at_once

    def when_free(self, pending: Pending, ask: Callable[[], None]) -> None:
        """Call `ask` when a place is free at the model of the request's route, the newest request first.

        Never after the request has ended.
        """
        waiting = self._waiting.setdefault(pending.route, [])
        waiting.append((pending, ask))
        if len(waiting) % _PRUNED_EVERY == 0:
            waiting[:] = [one for one in waiting if not one[0].ended]

    def _let_in(self) -> None:
        for route, waiting in list(self._waiting.items()):
            # `ask` may put its request back only where it finds a crowd, and then this ends.
            while waiting and not self.is_crowded(route):
                pending, ask = waiting.pop()
                if not pending.ended:
                    ask()
            if not waiting:
                del self._waiting[route]

    def model_for(self, route: Route | None) -> str:
        """The model that would be asked for a route now. Empty without a gateway."""
        return self._gateways.chosen(route).model if self._gateways is not None else ""

    def waits(self, route: Route | None) -> Waits:
        """The waits for a route's model."""
        return self._experience(self.model_for(route)).waits

    def dollars(self, route: Route | None) -> float:
        """What a question to a route's model costs, in US dollars."""
        return self._experience(self.model_for(route)).dollars

    def use(self, gateway: Gateway | Gateways | None, settings: Settings) -> None:
        """Ask another gateway from now on. The old one is closed in the background."""
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
        """Send a question about a document. Call it only when `refusal` returns None."""
        gateway, terms, prompt, view, purpose = question
        self._warn(gateway)
        counts, now_s, model = Counts(self._recorder), self._clock.now(), gateway.model

        @cache
        def sent() -> Sent:
            """What is known of the prompt. Computed after the question is sent, so nobody waits for it."""
            return self._experience(gateway.model).send(prompt, terms, now_s)

        def ended(flight: Flight) -> None:
            self._under_way[model] -= 1
            document.landed(flight)
            self._learn(flight, gateway, counts, sent())
            self._warn(gateway)
            on_end(flight)
            self._let_in()

        flight = Flight(view, purpose, self._clock, on_text, ended)
        flight.entry.model, flight.is_local = model, gateway.profile.is_local
        if purpose is not Purpose.WARM_UP:
            flight.race = gateway.race()
        document.sent(flight)
        self._asked_last = document.uri
        self._under_way[model] += 1
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
        """Build a question. All prompts are built here, those that are sent and those that are only shown."""
        if self._gateways is None:
            raise RuntimeError("a question needs a gateway")
        gateway = self._gateways.chosen(route)
        terms = self._terms(gateway)
        if purpose is Purpose.WARM_UP:
            terms = terms._replace(max_output_tokens=1)
        prompt = document.prompt.build(permit, view, terms, self._clock.now())
        return Question(gateway, terms, prompt, view, purpose)

    def warm_up(self, permit: SendPermit, document: OpenDocument) -> None:
        """Have the model read a document's context before the user waits for it, if that pays and its cache is cold."""
        if self._gateways is None or document.warming is not None or document.questions:
            return
        if self.refusal() or self.is_crowded():
            return
        gateway, now_s = self._gateways.default, self._clock.now()
        # A local server keeps only one text or a few, so another document may have replaced this one.
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
        """Whether a stream has been silent for so long that waiting for it makes no sense."""
        if flight.ttft_ms is not None:
            return False
        least_s = _STALLED_LOCAL_S if flight.is_local else _STALLED_S
        waits = self._experience(flight.entry.model).waits
        waited_s = self._clock.now() - flight.started_s
        return waited_s > max(least_s, _STALLED_WAITS * waits.median_ms() / 1_000)

    def try_again(self) -> None:
        """The user is back, or a key has changed, so the reason why the models could not be asked may be gone."""
        if self._gateways is not None and self.trouble:
            self._gateways.try_again()

    def warm(self) -> None:
        """Open a connection for the next question."""
        if self._gateways is not None and not self.refusal():
            self._background.start(self._gateways.warm())

    async def aclose(self) -> None:
        """Close the gateways, and wait for background work."""
        await self._background.aclose()
        if self._gateways is not None:
            await self._gateways.aclose()

    def forget(self) -> None:
        """Forget the sent prompts."""
        for experience in self._experiences.values():
            experience.forget()

    def context_chars(self) -> int:
        """How many characters of files a prompt may hold now. 0 without a model."""
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
        """A stream has ended. Record all requests that it made, and learn from the one whose text was used."""
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
                # The answer came from the other model. But without a notice, the user would not correct the setting.
                self._recorder.notice(f"{unheard.error.fault.name} {unheard.model}", str(unheard.error))
        if not is_warm_up or flight.error is not None:
            # Report a failed warm-up too. Else the next request may be refused for the same reason without a notice.
            self._report(flight, gateway)

    def _warn(self, gateway: Gateway) -> None:
        """Tell the user once what the endpoint says against a model, or that another model has replaced it."""
        warning = gateway.profile.warning
        if warning and warning not in self._warned:
            self._warned.add(warning)
            self._recorder.notice(f"model {gateway.model}", warning)

    def _id(self) -> str:
        return str(next(self._ids))

    def _report(self, flight: Flight, gateway: Gateway) -> None:
        """Report the lane's state after a stream to the user."""
        error, model = flight.error, gateway.model
        if error is not None and not error.fault.told:
            # There is nothing that the user could fix. But the lane is busy no more.
            reason = gateway.refusal()
            is_limited = self.trouble.get(model) is Fault.RATE_LIMITED
            kind = "ready" if not reason else "rate_limited" if is_limited else "error"
            self._recorder.status(kind, reason)
            return
        if error is not None:
            self.trouble[model] = error.fault
            # The default model answers instead of the route's, so only the route has a problem.
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
        """Say once that the day's limit is spent, by this process or an earlier one."""
        if not self._is_limit_told:
            self._is_limit_told = True
            self._recorder.notice(Fault.LIMIT_SPENT.name, limit)
            self._recorder.status("over_limit", limit)

    def _over_limit(self) -> str:
        """Why nothing more may be spent today, or the empty string."""
        limit_cents = self._settings.daily_limit_cents
        if not limit_cents or self._recorder.today().dollars * 100 < limit_cents:
            return ""
        return Fault.LIMIT_SPENT.says(limit=f"{limit_cents / 100:.2f}")
