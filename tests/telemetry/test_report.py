"""The record added up: the same figures as a plain count over what was told, in every form they are shown in."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from tests.telemetry.seeded import TODAY, Seeded, seed
from typethrough.cli.record import as_json
from typethrough.core.outcome.outcome import Ending
from typethrough.core.suggestion.accepted import LATER_S, SOON_S
from typethrough.telemetry import figures
from typethrough.telemetry.page.statistics import message, page
from typethrough.telemetry.recorder import percentile
from typethrough.telemetry.report import Acceptance, Report, report
from typethrough.telemetry.store import record

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path) -> Report:
    with record(path) as connection:
        return report(connection, TODAY)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("record") / "record.sqlite3"


@pytest.fixture(scope="module")
def made(path: Path) -> Seeded:
    return seed(path)


@pytest.fixture(scope="module")
def found(path: Path, made: Seeded) -> Report:
    return read(path)


@pytest.mark.parametrize("number", range(3))
def test_the_figures_are_those_of_a_plain_count(made: Seeded, found: Report, number: int) -> None:
    period = found.periods[number]
    told = made.within(period.days)
    times = [one.total_ms for one in told.suggestions]
    assert period.requests == {"answered": len(times), "superseded": len(told.superseded)}
    assert period.answers == Counter(one.source for one in told.suggestions)
    assert (period.ghost_ms.p50, period.ghost_ms.p95) == (percentile(times, 0.5), percentile(times, 0.95))
    streams = [stream for _, stream in told.streams]
    ttfts = [stream.ttft_ms for stream in streams if stream.ttft_ms is not None]
    assert (period.ttft_ms.p50, period.ttft_ms.count) == (percentile(ttfts, 0.5), len(ttfts))
    assert period.cost.usage.prompt_tokens == sum(stream.usage.prompt_tokens for stream in streams)
    assert period.cost.usage.cached_tokens == sum(stream.usage.cached_tokens for stream in streams)
    assert period.cost.usage.output_tokens == sum(stream.usage.output_tokens for stream in streams)
    paid = sum(stream.dollars for stream in streams)
    assert period.cost.dollars == pytest.approx(paid)
    assert period.cost.saved_dollars == pytest.approx(sum(stream.saved_dollars for stream in streams))
    guessed = sum(stream.dollars for stream in streams if stream.is_estimated)
    assert period.cost.estimated_share == pytest.approx(guessed / paid)
    shown = [one for one in told.suggestions if one.shown]
    assert period.accepted.shown == len(shown)
    assert period.accepted.accepted == sum(one.accepted for one in shown)
    assert period.accepted.chars == sum(one.chars for one in shown)


def test_parts_are_those_of_a_plain_count(made: Seeded, found: Report) -> None:
    month = found.periods[-1]
    told = made.within(30)
    for groups, key in ((month.by_language, "language"), (month.by_source, "source")):
        assert len(groups) == 3
        for one in groups:
            mine = [x for x in told.suggestions if getattr(x, key) == one.name]
            assert (one.shown, one.accepted) == (sum(x.shown for x in mine), sum(x.accepted for x in mine))
    models = Counter(stream.model for _, stream in told.streams)
    assert {cost.name: cost.streams for cost in month.by_model} == models
    for after_s, survived in ((SOON_S, month.after_30s), (LATER_S, month.after_300s)):
        mine = [one for one in told.suggestions if after_s in one.survived]
        kept = sum(one.survived[after_s] * one.chars for one in mine)
        assert survived.share == pytest.approx(kept / sum(one.chars for one in mine))
        shares = Counter(one.survived[after_s] for one in mine)
        assert survived.steps == tuple(shares[share] for share in (1.0, 0.75, 0.25, 0.0))


def test_the_days_go_from_the_first_with_anything_on_to_today(made: Seeded, found: Report) -> None:
    days = {day.day: day for day in found.days}
    assert (len(days), found.days[-1].day) == (30, TODAY.isoformat())
    assert sum(day.cost.streams for day in found.days) == len(made.within(30).streams)
    one = days["2026-11-12"]
    times = [told.total_ms for told in made.suggestions if told.day.isoformat() == one.day]
    assert (one.ghost_ms.p95, one.ghost_ms.count) == (percentile(times, 0.95), len(times))
    assert days["2026-11-11"].ghost_ms.count == 0


def test_a_client_that_never_tells_what_it_shows_is_taken_at_what_it_was_given(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite3"
    made = seed(path, 2, telling=False)
    assert read(path).periods[-1].accepted.shown == len(made.within(30).suggestions)


def test_every_request_is_in_one_row_of_the_summary(found: Report) -> None:
    assert sorted(ending for endings in figures._ENDINGS.values() for ending in endings) == sorted(Ending)


class Page(HTMLParser):
    """What matters of a page: its elements, their attributes and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)


def test_the_page_stands_for_itself(found: Report) -> None:
    text = page(found)
    parsed = Page(text)
    assert parsed.open == []
    assert parsed.count("figure") == 9
    assert {tag for tag, _ in parsed.elements} & {"script", "img", "link", "iframe", "object", "a"} == set()
    names = {name for _, attributes in parsed.elements for name in attributes}
    assert not {name for name in names if name.startswith("on")} | {"style", "src", "href"} & names
    assert "url(" not in text
    assert "http:" not in text.replace("http-equiv", "")
    assert "nan" not in "".join(parsed.text).split()
    plots = [attributes for tag, attributes in parsed.elements if tag == "svg" and "role" in attributes]
    assert len(plots) == 9
    assert all(attributes["aria-label"] for attributes in plots)


def test_the_pages_figures_are_those_of_the_report(found: Report) -> None:
    text = "".join(Page(page(found)).text)
    for table in (figures.summary(found), *figures.tables(found.periods[-1])):
        for row in table.rows:
            assert all(cell.strip() in text for cell in row), row


def test_a_title_is_not_made_of_a_handful_of_suggestions(found: Report) -> None:
    month = found.periods[-1]
    most = month.accepted.shown
    groups = [
        Acceptance("rare", 19, 19),
        Acceptance("common", most, most // 2),
        Acceptance("worse", most, most // 4),
    ]
    text = "".join(Page(page(with_languages(found, groups))).text)
    assert "Suggestions in common are accepted most: 50 %" in text
    # It has its bar all the same.
    assert "rare: 100 % of 19" in text
    alone = "".join(Page(page(with_languages(found, groups[:1]))).text)
    assert "Suggestions in rare are accepted: 100 %" in alone


def with_languages(found: Report, groups: list[Acceptance]) -> Report:
    ordered = sorted(groups, key=lambda one: -one.shown)
    return replace(found, periods=[*found.periods[:-1], replace(found.periods[-1], by_language=ordered)])


def test_names_are_text_and_never_markup(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite3"
    seed(path, 3)
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    connection = sqlite3.connect(path)
    for table, column in (("suggestion", "language"), ("suggestion", "file"), ("stream", "model")):
        connection.execute(f"UPDATE {table} SET {column} = ?", (evil,))  # noqa: S608 - a test's own
    connection.commit()
    connection.close()
    parsed = Page(page(read(path)))
    assert parsed.count("script") == parsed.count("img") == 0
    assert "By file" in parsed.text
    assert evil in "".join(parsed.text)


def test_nothing_on_record_is_a_sentence(tmp_path: Path) -> None:
    empty = read(tmp_path / "none.sqlite3")
    assert empty.periods[-1].is_empty
    assert figures.EMPTY in "".join(Page(page(empty)).text)
    assert not (tmp_path / "none.sqlite3").exists()
    assert "<b>" not in message("a <b> that cannot be read")


@pytest.mark.parametrize("days", [1, 2, 30])
def test_a_page_of_few_days_has_its_plots_too(tmp_path: Path, days: int) -> None:
    path = tmp_path / "record.sqlite3"
    seed(path, 4)
    connection = sqlite3.connect(path)
    for table in ("suggestion", "stream", "request"):
        connection.execute(
            f"DELETE FROM {table} WHERE day <= date('2026-11-24', ?)",  # noqa: S608 - a test's own
            (f"-{days} days",),
        )
    connection.commit()
    connection.close()
    parsed = Page(page(read(path)))
    assert parsed.count("figure") == 9
    assert parsed.count("circle") >= 6


def test_a_report_is_plain_data(found: Report) -> None:
    values: dict[str, Any] = json.loads(json.dumps(as_json(found)))
    assert values["periods"][1]["days"] == 7
    assert values["periods"][2]["acceptance_rate"] == pytest.approx(found.periods[2].accepted.rate)
