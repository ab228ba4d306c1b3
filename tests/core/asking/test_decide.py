"""The decision table: an event and what is known, and what is to be done."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.cursor import view_at
from typethrough.core.asking.decide import (
    Answer,
    Close,
    Edited,
    End,
    Ended,
    Join,
    Moment,
    Promise,
    Step,
    Stopped,
    Text,
    Wait,
    decide,
)
from typethrough.core.asking.facts import Known
from typethrough.core.outcome.causes import Cause, StreamEnd
from typethrough.core.outcome.outcome import Source
from typethrough.core.suggestion.cache import Entry
from typethrough.core.suggestion.offer import Offer

if TYPE_CHECKING:
    from typethrough.core.asking.decide import Action, Event
    from typethrough.core.outcome.causes import Refusal

HERE = view_at("x = $0")
OLD, NEW = Entry(HERE), Entry(HERE)
YES, NONE, REFUSED = Offer("width"), Offer(), Offer(cause=Cause.RECITED)
ALL = Offer("width", is_all=True)
LIMIT = Cause.LIMIT_SPENT.refusal("today's limit of $1 is spent")
DEADLINE = Wait(0.9, Moment.DEADLINE)
OFF = Cause.SWITCHED_OFF.refusal()


@dataclass
class State:
    """The facts as plain values; `order` says which of them were asked for."""

    invoked: bool = False
    expected: str = ""
    promised: str = ""
    is_routed: bool = False
    waited_for: Entry | None = None
    now_s: float = 0.0
    deadline_s: float = 0.9
    is_unwanted: Cause | None = None
    on_screen: Offer = NONE
    in_cache: tuple[Known, ...] = ()
    by_others: tuple[Known, ...] = ()
    sure: Offer = NONE
    unsure: Offer = NONE
    quiet_s: float = 0.0
    why_late: str = ""
    refused: Refusal | None = None
    whole: Offer = NONE
    beginning: str = ""
    due: bool = False
    best: Offer = NONE
    order: list[str] = field(default_factory=list, compare=False)

    def unwanted(self) -> Refusal | None:
        self.order.append("unwanted")
        return self.is_unwanted.refusal() if self.is_unwanted else None

    def left_of_shown(self) -> Offer:
        self.order.append("shown")
        return self.on_screen

    def known(self) -> tuple[Known, ...]:
        self.order.append("known")
        return self.in_cache

    def others(self) -> tuple[Known, ...]:
        self.order.append("others")
        return self.by_others

    def guess(self, *, at_once: bool) -> Offer:
        self.order.append("guess")
        return self.sure if at_once or self.sure.text else self.unsure

    def ask_at_s(self) -> float:
        self.order.append("ask_at_s")
        return self.quiet_s

    def hesitation(self) -> str:
        return self.why_late

    def refusal(self) -> Refusal | None:
        self.order.append("refusal")
        return self.refused

    def said(self, entry: Entry) -> Offer:
        assert entry is not None
        return self.whole

    def certain(self, entry: Entry) -> str:
        assert entry is not None
        return self.beginning

    def is_due(self, entry: Entry) -> bool:
        assert entry is not None
        return self.due

    def unfinished(self, entry: Entry) -> Offer:
        assert entry is not None
        return self.best


ARRIVED: list[tuple[str, State, list[Action]]] = [
    ("nothing is wanted here", State(is_unwanted=Cause.INSIDE_WORD), [End(*Cause.INSIDE_WORD.refusal())]),
    ("it is on the screen", State(on_screen=YES), [Answer(Source.SHOWN, YES)]),
    ("it was said before", State(in_cache=(Known(OLD, YES),)), [Answer(Source.CACHE, YES, OLD)]),
    (
        "it is being said, and there is enough",
        State(in_cache=(Known(OLD, YES, is_growing=True),)),
        [Answer(Source.JOIN, YES, OLD)],
    ),
    (
        "it is being said, and there is not enough",
        State(in_cache=(Known(OLD, NONE, is_growing=True),)),
        [Join(OLD), DEADLINE],
    ),
    (
        "of two that are being said the first is joined",
        State(in_cache=(Known(OLD, NONE, is_growing=True), Known(NEW, NONE, is_growing=True))),
        [Join(OLD), DEADLINE],
    ),
    (
        "a part of it may be shown already",
        State(in_cache=(Known(OLD, NONE, is_growing=True),), beginning="wid"),
        [Join(OLD), Promise("wid", OLD), DEADLINE],
    ),
    (
        "what is promised then binds the local lane",
        State(in_cache=(Known(OLD, NONE, is_growing=True),), beginning="hei", sure=YES),
        [Join(OLD), Promise("hei", OLD), DEADLINE],
    ),
    (
        "a stream that has stalled is closed and not joined",
        State(in_cache=(Known(OLD, NONE, is_stalled=True),)),
        [Close(OLD, StreamEnd.STALLED), DEADLINE, Step.ASK],
    ),
    (
        "the model has said that there is nothing",
        State(in_cache=(Known(OLD, NONE, said_all=True),)),
        [End(Cause.NOTHING_TO_ADD)],
    ),
    (
        "who asks by hand may ask it again",
        State(invoked=True, in_cache=(Known(OLD, NONE, said_all=True),)),
        [DEADLINE, Step.ASK],
    ),
    ("what it says is refused", State(in_cache=(Known(OLD, REFUSED),)), [End(Cause.RECITED)]),
    (
        "who asks by hand may have something else",
        State(invoked=True, in_cache=(Known(OLD, REFUSED),)),
        [DEADLINE, Step.ASK],
    ),
    ("the local lane is sure", State(sure=YES), [Answer(Source.LOCAL, YES)]),
    ("the local lane is not", State(unsure=YES), [DEADLINE, Step.ASK]),
    ("a chosen model goes before it", State(sure=YES, is_routed=True), [DEADLINE, Step.ASK]),
    ("a guess is not what is asked for by hand", State(invoked=True, on_screen=YES, sure=YES), [DEADLINE, Step.ASK]),
    ("without a guess on the screen it is", State(invoked=True, sure=YES), [Answer(Source.LOCAL, YES)]),
    ("the menu wants another text", State(expected="hei", sure=YES), [DEADLINE, Step.ASK]),
    ("the menu's own text is nothing new", State(expected=YES.text, sure=YES), [DEADLINE, Step.ASK]),
    ("the menu's text has lines", State(expected="a\nb", sure=YES), [End(Cause.OTHER_MENU_ENTRY)]),
    ("the menu wants this one", State(expected="wid", on_screen=YES), [Answer(Source.SHOWN, YES)]),
    ("typing may go on", State(quiet_s=0.1), [DEADLINE, Wait(0.1, Moment.QUIET)]),
    ("it has paused", State(), [DEADLINE, Step.ASK]),
    ("the model cannot be asked", State(refused=LIMIT), [DEADLINE, End(*LIMIT)]),
    ("then a guess will do", State(refused=LIMIT, unsure=YES), [DEADLINE, Answer(Source.LOCAL, YES)]),
]  # fmt: skip

WAITING = State(waited_for=OLD)
LATER: list[tuple[str, Event, State, list[Action]]] = [
    ("typing has paused", Moment.QUIET, State(), [Step.ASK]),
    ("a chosen model has failed", Moment.REROUTED, State(), [Step.ASK]),
    (
        "a chosen model has failed, and the other is at it",
        Moment.REROUTED,
        State(in_cache=(Known(NEW, NONE, is_growing=True),)),
        [Join(NEW)],
    ),
    ("enough has come", Text(OLD, True, False), replace(WAITING, whole=YES), [Answer(Source.MODEL, YES, OLD)]),
    (
        "enough has come, and the rest is of no use",
        Text(OLD, True, False),
        replace(WAITING, whole=ALL),
        [Answer(Source.MODEL, ALL, OLD), Close(OLD, StreamEnd.ENOUGH)],
    ),
    ("not yet", Text(OLD, True, False), WAITING, []),
    ("not yet, by lines that are due", Text(OLD, True, False), replace(WAITING, best=YES), []),
    (
        "its first lines are due",
        Text(OLD, True, False),
        replace(WAITING, best=YES, due=True),
        [Answer(Source.MODEL, YES, OLD)],
    ),
    ("a part can be shown", Text(OLD, True, False), replace(WAITING, beginning="wid"), [Promise("wid", OLD)]),
    (
        "no more than was shown before",
        Text(OLD, True, False),
        replace(WAITING, beginning="wid", promised="widt"),
        [],
    ),
    (
        "what has come breaks the promise",
        Text(OLD, True, False),
        replace(WAITING, whole=YES, promised="hei"),
        [],
    ),
    (
        "it says something else than the menu",
        Text(OLD, True, False),
        replace(WAITING, whole=YES, expected="hei"),
        [Step.LEAVE, Step.ASK],
    ),
    (
        "it has said something else than the menu",
        Ended(OLD, StreamEnd.COMPLETE),
        replace(WAITING, whole=YES, expected="hei"),
        [Step.LEAVE, Step.ASK],
    ),
    ("for the cache that was all", Text(OLD, True, True), WAITING, [Close(OLD, StreamEnd.ENOUGH)]),
    (
        "it turns out not to fit",
        Text(OLD, False, False),
        WAITING,
        [Step.LEAVE, Close(OLD, StreamEnd.DIVERGED), Step.ASK],
    ),
    (
        "it does not fit, and nothing more may be asked",
        Text(OLD, False, False),
        replace(WAITING, refused=LIMIT),
        [Step.LEAVE, Close(OLD, StreamEnd.DIVERGED), End(*LIMIT)],
    ),
    ("another stream's text", Text(NEW, True, False), replace(WAITING, whole=YES), []),
    ("another stream's does not fit", Text(NEW, False, False), WAITING, [Close(NEW, StreamEnd.DIVERGED)]),
    ("it has ended", Ended(OLD, StreamEnd.COMPLETE), replace(WAITING, whole=YES), [Answer(Source.MODEL, YES, OLD)]),
    ("it has ended with nothing", Ended(OLD, StreamEnd.COMPLETE), WAITING, [End(Cause.NOTHING_TO_ADD, "")]),
    ("it is refused", Ended(OLD, StreamEnd.COMPLETE), replace(WAITING, whole=REFUSED), [End(Cause.RECITED)]),
    ("a guess is better", Ended(OLD, StreamEnd.COMPLETE), replace(WAITING, unsure=YES), [Answer(Source.LOCAL, YES)]),
    (
        "it has failed",
        Ended(OLD, StreamEnd.RATE_LIMITED, "Too many requests."),
        WAITING,
        [End(Cause.RATE_LIMITED, "Too many requests.")],
    ),
    (
        "the chosen model's has failed",
        Ended(OLD, StreamEnd.MODEL_UNKNOWN, "No such model.", was_chosen=True),
        replace(WAITING, is_routed=True),
        [Step.LEAVE, Step.REROUTE],
    ),
    (
        "the chosen model had nothing, another had",
        Ended(OLD, StreamEnd.COMPLETE, was_chosen=True),
        replace(WAITING, is_routed=True, by_others=(Known(NEW, YES),)),
        [Answer(Source.CACHE, YES, NEW)],
    ),
    ("another stream has ended", Ended(NEW, StreamEnd.COMPLETE), replace(WAITING, unsure=YES), []),
    ("time is up", Moment.DEADLINE, WAITING, [End(Cause.OUT_OF_TIME)]),
    ("time is up, and there is a line", Moment.DEADLINE, replace(WAITING, best=YES), [Answer(Source.MODEL, YES, OLD)]),
    ("time is up, and there is a guess", Moment.DEADLINE, State(unsure=YES), [Answer(Source.LOCAL, YES)]),
    (
        "time is up, and another model has answered",
        Moment.DEADLINE,
        State(is_routed=True, by_others=(Known(NEW, YES),)),
        [Answer(Source.CACHE, YES, NEW)],
    ),
    ("an edit", Edited([]), WAITING, [End(Cause.DOCUMENT_CHANGED)]),
    ("an edit that does not fit", Edited([OLD]), WAITING, [End(Cause.DOCUMENT_CHANGED), Close(OLD, StreamEnd.DIVERGED)]),
    (
        "switched off",
        Stopped(StreamEnd.SWITCHED_OFF, [OLD, NEW], OFF),
        WAITING,
        [End(*OFF), Close(OLD, StreamEnd.SWITCHED_OFF), Close(NEW, StreamEnd.SWITCHED_OFF)],
    ),
    (
        "other settings",
        Stopped(StreamEnd.SETTINGS_CHANGED, [OLD], None),
        WAITING,
        [Step.LEAVE, Close(OLD, StreamEnd.SETTINGS_CHANGED)],
    ),
]  # fmt: skip

NOBODY: list[tuple[Event, list[Action]]] = [
    (Text(OLD, True, False), []),
    (Text(OLD, True, True), [Close(OLD, StreamEnd.ENOUGH)]),
    (Text(OLD, False, False), [Close(OLD, StreamEnd.DIVERGED)]),
    (Ended(OLD, StreamEnd.COMPLETE), []),
    (Edited([OLD]), [Close(OLD, StreamEnd.DIVERGED)]),
    (Stopped(StreamEnd.DOCUMENT_CLOSED, [OLD], OFF), [Close(OLD, StreamEnd.DOCUMENT_CLOSED)]),
    (Moment.QUIET, []),
    (Moment.DEADLINE, []),
]


@pytest.mark.parametrize(("state", "actions"), [row[1:] for row in ARRIVED], ids=[row[0] for row in ARRIVED])
def test_a_request_arrives(state: State, actions: list[Action]) -> None:
    assert decide(Moment.ARRIVED, state) == actions


@pytest.mark.parametrize(
    ("event", "state", "actions"), [row[1:] for row in LATER], ids=[row[0] for row in LATER]
)
def test_something_happens_while_it_waits(event: Event, state: State, actions: list[Action]) -> None:
    assert decide(event, state) == actions


@pytest.mark.parametrize(("event", "actions"), NOBODY)
def test_something_happens_while_nobody_waits(event: Event, actions: list[Action]) -> None:
    assert decide(event, None) == actions


@pytest.mark.parametrize(
    ("state", "order"),
    [
        (State(is_unwanted=Cause.DISMISSED), ["unwanted"]),
        (State(on_screen=YES), ["unwanted", "shown"]),
        (State(in_cache=(Known(OLD, YES),)), ["unwanted", "shown", "known"]),
        (State(sure=YES), ["unwanted", "shown", "known", "guess"]),
        (State(quiet_s=0.1), ["unwanted", "shown", "known", "guess", "ask_at_s"]),
        (State(), ["unwanted", "shown", "known", "guess", "ask_at_s", "refusal"]),
    ],
)
def test_a_dear_fact_is_asked_for_only_when_no_cheaper_one_has_settled_it(
    state: State, order: list[str]
) -> None:
    state.order.clear()
    decide(Moment.ARRIVED, state)
    assert state.order == order


OFFERS = st.sampled_from([NONE, YES, REFUSED, Offer("height")])
KNOWN = st.builds(
    Known,
    st.sampled_from([OLD, NEW]),
    OFFERS,
    is_growing=st.booleans(),
    is_stalled=st.booleans(),
    said_all=st.booleans(),
)
STATES = st.builds(
    State,
    invoked=st.booleans(),
    expected=st.sampled_from(["", "wid", "hei"]),
    promised=st.sampled_from(["", "wid"]),
    is_routed=st.booleans(),
    waited_for=st.sampled_from([None, OLD]),
    is_unwanted=st.sampled_from([None, Cause.INSIDE_LINE]),
    on_screen=OFFERS,
    in_cache=st.lists(KNOWN, max_size=3).map(tuple),
    by_others=st.lists(KNOWN, max_size=2).map(tuple),
    sure=OFFERS,
    unsure=OFFERS,
    quiet_s=st.sampled_from([0.0, 0.1]),
    refused=st.sampled_from([None, LIMIT]),
    whole=OFFERS,
    beginning=st.sampled_from(["", "wid", "hei", "width"]),
    best=OFFERS,
)
EVENTS = st.one_of(
    st.sampled_from([*Moment]),
    st.builds(Text, st.sampled_from([OLD, NEW]), st.booleans(), st.booleans()),
    st.builds(
        Ended, st.sampled_from([OLD, NEW]), st.sampled_from(StreamEnd), st.sampled_from(["", "It failed."])
    ),
)


@given(EVENTS, STATES)
def test_a_request_is_ended_at_most_once_and_never_left_with_nothing_to_wait_for(
    event: Event, state: State
) -> None:
    actions = decide(event, state)
    ends = [action for action in actions if isinstance(action, Answer | End)]
    assert len(ends) <= 1
    goes_on = any(isinstance(action, Join | Wait) or action in (Step.ASK, Step.REROUTE) for action in actions)
    loses_its_stream = Step.LEAVE in actions or (isinstance(event, Ended) and event.entry is state.waited_for)
    if event is Moment.ARRIVED or event is Moment.DEADLINE or loses_its_stream:
        assert ends or goes_on
    for answer in ends:
        if isinstance(answer, Answer):
            assert answer.offer.text.startswith(state.expected)
            assert answer.offer.text.startswith(state.promised)
