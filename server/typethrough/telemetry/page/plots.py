"""Plots as inline SVG: lines over days, stacked bars over days, and horizontal bars.

Elements have classes, not colours. The page's style gives each class a colour for light and one for dark. `label` describes a
plot for screen readers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

WIDTH: Final = 440
_HEIGHT: Final = 232
_LEFT, _RIGHT, _TOP, _BOTTOM = 68, 36, 10, 28
_INNER_WIDTH: Final = WIDTH - _LEFT - _RIGHT
_INNER_HEIGHT: Final = _HEIGHT - _TOP - _BOTTOM
_MOST_DATES: Final = 4
_LABEL_APART: Final = 14
_ROW: Final = 34
_GAP: Final = 2


@dataclass(frozen=True, slots=True)
class Series:
    """One value per day, or None. `look` is the class that gives it its colour."""

    name: str
    look: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Bar:
    """A named share (0 to 1), and the text beside it."""

    name: str
    value: float
    note: str


def lines(
    label: str,
    days: Sequence[str],
    series: Sequence[Series],
    unit: Callable[[float], str],
    *,
    top: float = 0.0,
    decades: bool = False,
) -> str:
    """A line for each series, with a mark for each day. A line has its name at its end, and a gap where days have no value.

    `top` is the end of the axis, or 0 to choose it from the values. With `decades` the axis is logarithmic.
    """
    values = [value for one in series for value in one.values if value is not None]
    high, ticks = _decades(values) if decades else _scale(values, top)
    low = ticks[0]

    def y(value: float) -> float:
        share = math.log(max(value, low) / low) / math.log(high / low) if decades else value / high
        return _TOP + _INNER_HEIGHT * (1 - share)

    xs = _middles(days)
    parts = [*_frame(days, xs, ticks, y, unit)]
    ends: list[tuple[float, float, Series]] = []
    for one in series:
        points = [
            (x, y(value)) if value is not None else None for x, value in zip(xs, one.values, strict=True)
        ]
        parts.extend(f'<path class="line {one.look}" d="{path}"/>' for path in _paths(points))
        for day, value, point in zip(days, one.values, points, strict=True):
            if point is not None and value is not None:
                place = f'cx="{point[0]:.1f}" cy="{point[1]:.1f}"'
                said = escape(f"{day_name(day)}: {one.name} {unit(value)}")
                parts.append(f'<circle class="mark {one.look}" {place} r="3"/>')
                parts.append(f'<circle class="target" {place} r="9"><title>{said}</title></circle>')
        last = next((point for point in reversed(points) if point is not None), None)
        if last is not None and len(series) > 1:
            ends.append((last[1], last[0], one))
    lowest = -math.inf
    for end_y, end_x, one in sorted(ends, key=lambda end: end[0]):
        lowest = max(end_y + 4, lowest + _LABEL_APART)
        parts.append(_text(f"name {one.look}", end_x + 8, lowest, one.name))
    return _svg(label, _HEIGHT, parts)


def stacks(label: str, days: Sequence[str], series: Sequence[Series], unit: Callable[[float], str]) -> str:
    """Stacked bars, one per day. The first series is at the bottom."""
    high, ticks = _scale(sum(one.values[index] or 0.0 for one in series) for index in range(len(days)))
    step = _INNER_WIDTH / len(days)
    width = min(26.0, step - max(1.5, step * 0.25))

    def y(value: float) -> float:
        return _TOP + _INNER_HEIGHT * (1 - value / high)

    xs = _middles(days)
    parts = [*_frame(days, xs, ticks, y, unit)]
    for index, day in enumerate(days):
        low = 0.0
        for one in series:
            value = one.values[index] or 0.0
            if value <= 0:
                continue
            top, bottom = y(low + value), y(low)
            # A gap separates neighbouring parts whose colours look alike.
            height = max(0.75, bottom - top - (_GAP / 2 if low else 0))
            said = f"{day_name(day)}: {one.name} {unit(value)}"
            parts.append(_box(one.look, xs[index] - width / 2, top, width, height, said))
            low += value
    return _svg(label, _HEIGHT, parts)


def bars(label: str, rows: Sequence[Bar], look: str) -> str:
    """Horizontal bars below each other, on one scale that ends at a round number."""
    high, ticks = _scale([row.value for row in rows])
    high = min(1.0, high)
    parts = []
    height = len(rows) * _ROW + _BOTTOM
    inner = WIDTH - _GAP - 92
    for tick in ticks:
        if tick <= high:
            x = _GAP + inner * tick / high
            parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="4" y2="{height - _BOTTOM + 4}"/>')
            parts.append(_text(f"tick {'middle' if tick else 'start'}", x, height - 6, f"{100 * tick:.0f} %"))
    for number, row in enumerate(rows):
        top, width = number * _ROW, inner * row.value / high
        parts.append(_text("label", _GAP, top + 14, _short(row.name)))
        parts.append(_box(look, _GAP, top + 19, max(width, 1), 10, f"{row.name}: {row.note}", radius=1))
        parts.append(_text("value", _GAP + width + 6, top + 28, row.note))
    return _svg(label, height, parts)


def shares(label: str, rows: Sequence[tuple[str, Sequence[tuple[str, str, int]]]]) -> str:
    """One full-width bar for each row, divided into named parts, each with its class and count."""
    parts = []
    for number, (name, pieces) in enumerate(rows):
        top, left, whole = number * 52, float(_GAP), sum(piece[2] for piece in pieces)
        parts.append(_text("label", _GAP, top + 14, name))
        for piece, look, amount in pieces:
            if amount:
                width = (WIDTH - 2 * _GAP) * amount / whole
                said = f"{name}: {piece} {amount} of {whole}"
                parts.append(_box(look, left, top + 20, max(1.0, width - _GAP), 20, said, radius=1))
                left += width
    return _svg(label, len(rows) * 52, parts)


def day_name(day: str) -> str:
    """A date for an axis: `24 Nov`."""
    when = date.fromisoformat(day)
    return f"{when.day} {when:%b}"


def _scale(values: Iterable[float], top: float = 0.0) -> tuple[float, list[float]]:
    """The end and the ticks of an axis that starts at 0: three to five round numbers."""
    highest = top or max(values, default=0.0) or 1.0
    rough = highest / 4
    size = 10 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough * 0.999)
    count = math.ceil(highest / step - 1e-9)
    return count * step, [index * step for index in range(count + 1)]


def _decades(values: Sequence[float]) -> tuple[float, list[float]]:
    """The end and the ticks of a logarithmic axis: powers of ten around the values, at least 0.1."""
    known = [max(value, 0.1) for value in values] or [1.0]
    first = math.floor(math.log10(min(known)))
    last = max(first + 1, math.ceil(math.log10(max(known)) - 1e-9))
    return 10.0**last, [10.0**power for power in range(first, last + 1)]


def _middles(days: Sequence[str]) -> list[float]:
    """The x coordinate of each day."""
    return [_LEFT + _INNER_WIDTH / len(days) * (index + 0.5) for index in range(len(days))]


def _frame(
    days: Sequence[str],
    xs: Sequence[float],
    ticks: Sequence[float],
    y: Callable[[float], float],
    unit: Callable[[float], str],
) -> Iterator[str]:
    for number, tick in enumerate(ticks):
        place, look = y(tick), "grid" if number else "axis"
        yield f'<line class="{look}" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{place:.1f}" y2="{place:.1f}"/>'
        yield _text("tick end", _LEFT - 6, place + 4, unit(tick) if tick else "0")
    every = math.ceil(len(days) / _MOST_DATES)
    for index in range(len(days) - 1, -1, -every):
        yield _text("tick middle", xs[index], _HEIGHT - 6, day_name(days[index]))


def _text(look: str, x: float, y: float, words: str) -> str:
    return f'<text class="{look}" x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'


def _box(look: str, x: float, y: float, width: float, height: float, said: str, *, radius: int = 0) -> str:
    """A bar that shows `said` when the pointer is on it."""
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius}"'
    return f'<rect class="mark {look}" {place}><title>{escape(said)}</title></rect>'


def _paths(points: Iterable[tuple[float, float] | None]) -> Iterator[str]:
    """SVG paths for the runs of two or more points without a gap."""
    run: list[str] = []
    for point in [*points, None]:
        if point is not None:
            run.append(f"{point[0]:.1f} {point[1]:.1f}")
            continue
        if len(run) > 1:
            yield "M" + "L".join(run)
        run = []


def _short(name: str) -> str:
    return name if len(name) <= 48 else f"…{name[-47:]}"


def _svg(label: str, height: float, parts: Iterable[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )
