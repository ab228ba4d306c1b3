from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from typethrough.gateway.sse import ErrorEvent, EventParser, EventTooLarge

_STREAM = (
    b'\xef\xbb\xbf: hello\r\ndata: {"a":\r\ndata:"\xc3\xa9\xf0\x9f\xa6\x8a"}\r\n\r\n'
    b"event: x\ndata:no space\n\ndata:  two spaces\r\rid: 7\n\ndata\n\ndata: last\n\n"
)
_EVENTS = ['{"a":\n"é🦊"}', "no space", " two spaces", "last"]


def _events(*chunks: bytes) -> list[bytes]:
    parser = EventParser()
    return [event for chunk in chunks for event in parser.feed(chunk)]


def test_comments_line_ends_spaces_and_several_data_lines() -> None:
    assert [event.decode() for event in _events(_STREAM)] == _EVENTS


@pytest.mark.parametrize("at", range(len(_STREAM) + 1))
def test_a_split_at_any_byte_gives_the_same_events(at: int) -> None:
    assert [event.decode() for event in _events(_STREAM[:at], _STREAM[at:])] == _EVENTS


def test_bytes_one_by_one_give_the_same_events() -> None:
    assert [event.decode() for event in _events(*(bytes([byte]) for byte in _STREAM))] == _EVENTS


@given(
    st.lists(
        st.sampled_from([b"data:", b"data: ", b"x", b"\r", b"\n", b"\r\n", b":", b"\xc3", b"\x00"]),
        max_size=40,
    ),
    st.lists(st.integers(0, 120), max_size=8),
)
def test_any_stream_split_anywhere_gives_the_events_of_the_whole(parts: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(parts)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[start:end] for start, end in pairwise(edges)]
    assert _events(*pieces) == _events(stream)


def test_an_event_is_given_as_soon_as_its_blank_line_begins() -> None:
    # A CR may or may not be followed by a LF: waiting for it would hold a token back.
    assert _events(b"data: now\r\n\r") == [b"now"]


@pytest.mark.parametrize(
    "chunks",
    [[b"data: " + b"x" * 60], [b"x" * 30, b"x" * 30], [b"data: " + b"x" * 30 + b"\n"] * 2],
    ids=["one line", "no line end", "many data lines"],
)
def test_an_event_beyond_the_bound_is_refused(chunks: list[bytes]) -> None:
    parser = EventParser(max_event_bytes=50)
    for chunk in chunks[:-1]:
        assert parser.feed(chunk) == []
    with pytest.raises(EventTooLarge):
        parser.feed(chunks[-1])


def test_many_events_in_one_piece_may_exceed_the_bound_together() -> None:
    assert len(EventParser(max_event_bytes=50).feed(b"data: 0123456789\n\n" * 20)) == 20


@pytest.mark.parametrize(
    ("stream", "rest"),
    [(b"data: a\n\ndata: b", b"b"), (b"data: b\n", b"b"), (b"data: a\n\n", b""), (b": c", b""), (b"", b"")],
)
def test_what_a_stream_breaks_off_in_is_given_at_the_end(stream: bytes, rest: bytes) -> None:
    parser = EventParser()
    parser.feed(stream)
    assert b"\n".join(parser.finish()) == rest


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b'data: {"a": 1}\ndata: {"b": 2}\ndata: [DONE]\n', [b'{"a": 1}', b'{"b": 2}', b"[DONE]"]),
        (b'data:{"a": 1}\ndata:{"b": 2}\ndata:{"c": 3}', [b'{"a": 1}', b'{"b": 2}', b'{"c": 3}']),
        (b'data: {"a": 1}\r\ndata: {"b": 2}\r\n\r\n', [b'{"a": 1}', b'{"b": 2}']),
        (b'data: {"a": {"b": {}}}\rdata: [DONE]', [b'{"a": {"b": {}}}', b"[DONE]"]),
        (b'data: : keep\ndata: {"a": 1}\ndata: : keep\ndata: {"b": 2}\n', [b'{"a": 1}', b'{"b": 2}']),
        (b'id: 1\ndata: {"a": 1}\nid: 2\ndata: {"b": 2}\n', [b'{"a": 1}', b'{"b": 2}']),
        (b': x\ndata: {"a": 1}\n: y\ndata: {"b": 2}\n', [b'{"a": 1}', b'{"b": 2}']),
        (b'data: {"a": 1} \ndata:  {"b": 2}\n', [b'{"a": 1} ', b' {"b": 2}']),
        (b'data: {"a": 1}\ndata: {"b": 2}\n\ndata: {"c": 3}\n\n', [b'{"a": 1}', b'{"b": 2}', b'{"c": 3}']),
        (
            b'data: {\ndata:  "a": {},\ndata:  "b": [{\ndata: },\ndata: {}]}\n\n',
            [b'{\n "a": {},\n "b": [{\n},\n{}]}'],
        ),
        (b'data: {"a":\ndata: {"b": 2}}\n\n', [b'{"a":\n{"b": 2}}']),
    ],
)
def test_events_without_a_blank_line_between_them(stream: bytes, events: list[bytes]) -> None:
    for size in (1, 3, len(stream)):
        parser = EventParser()
        given = [one for at in range(0, len(stream), size) for one in parser.feed(stream[at : at + size])]
        assert given + parser.finish() == events


@pytest.mark.parametrize(
    ("stream", "errors"),
    [
        (b"event: error\ndata: a\n\ndata: b\n\n", [True, False]),
        (b"data: a\nevent:error\n\ndata: b\n\n", [True, False]),
        (b"event: error\n\ndata: b\n\n", [False]),
        (b"event: errors\ndata: b\n\n", [False]),
        (b'event: error\ndata: {"a": 1}\ndata: {"b": 2}\n', [True, False]),
        (b'data: {"a": 1}\nevent: error\ndata: {"b": 2}\n', [False, True]),
        (b'data: {"a": 1}\ndata: {"b": 2}\nevent: error\ndata: {"c": 3}\n', [False, False, True]),
        (b"event: error\ndata: a", [True]),
    ],
)
def test_which_events_are_named_error(stream: bytes, errors: list[bool]) -> None:
    parser = EventParser()
    assert [isinstance(one, ErrorEvent) for one in parser.feed(stream) + parser.finish()] == errors
