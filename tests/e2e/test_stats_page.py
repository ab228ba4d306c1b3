"""The page of `typethrough stats --html` in a real browser: it stands for itself, and its plots can be seen in both themes."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.vscode_browser import Browser, Scheme
from tests.telemetry.seeded import TODAY, seed
from typethrough.telemetry.page.statistics import page
from typethrough.telemetry.report import report
from typethrough.telemetry.store import record

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

# For each plot: its title, its marks that cover something, and the colours they are seen in.
_PLOTS = """
() => [...document.querySelectorAll('figure')].map(figure => {
    const marks = [...figure.querySelectorAll('svg[role=img] .mark, svg[role=img] path.line')];
    const seen = marks.filter(mark => {
        const { width, height } = mark.getBoundingClientRect();
        return width > 0.4 && height > 0.4;
    });
    const style = mark => getComputedStyle(mark);
    const colour = mark => mark.tagName === 'path' ? style(mark).stroke : style(mark).fill;
    return { title: figure.querySelector('h2').textContent, seen: seen.length, colours: [...new Set(seen.map(colour))] };
})
"""
# The lowest contrast (WCAG 2.2) that any text has with the page behind it.
_CONTRAST = """
() => {
    const parts = colour => colour.match(/[\\d.]+/g).slice(0, 3).map(Number);
    const linear = value => value <= 10 ? value / 3294 : ((value / 255 + 0.055) / 1.055) ** 2.4;
    const light = colour => parts(colour).map(linear).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const page = light(getComputedStyle(document.body).backgroundColor);
    const texts = [...document.querySelectorAll('h1, h2, p, dt, dd, small, th, td, summary, caption, svg text')];
    const ratios = texts.map(text => {
        const { color, fill } = getComputedStyle(text);
        const [high, low] = [light(text.tagName === 'text' ? fill : color), page].sort((a, b) => b - a);
        return (high + 0.05) / (low + 0.05);
    });
    return Math.min(...ratios);
}
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stats")
    seed(folder / "record.sqlite3")
    with record(folder / "record.sqlite3") as connection:
        text = page(report(connection, TODAY))
    path = folder / "stats.html"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("width", [420, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_seen_whole_and_asks_for_nothing(
    browser: Browser, written: Path, scheme: Scheme, width: int
) -> None:
    shown = browser.page(width=width, height=900, scheme=scheme)
    try:
        shown.load(written.as_uri())
        plots: list[dict[str, Any]] = shown.evaluate(_PLOTS)
        assert len(plots) == 9
        background = shown.evaluate("getComputedStyle(document.body).backgroundColor")
        for plot in plots:
            assert plot["seen"] >= 2, plot
            assert background not in plot["colours"], plot
        assert (background == "rgb(255, 255, 255)") is (scheme == "light")
        assert shown.evaluate(_CONTRAST) >= 4.5
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
        assert shown.requested == [written.as_uri()]
        assert shown.crashes == []
        assert shown.said == []
    finally:
        shown.close()


def test_the_figures_of_a_plot_are_a_key_away(browser: Browser, written: Path) -> None:
    shown = browser.page(width=1280, height=900)
    try:
        shown.load(written.as_uri())
        assert not shown.evaluate("document.querySelector('details table').checkVisibility()")
        shown.press("Tab")
        shown.press("Enter")
        assert shown.evaluate("document.querySelector('details table').checkVisibility()")
        assert shown.evaluate("document.querySelector('details tbody tr').textContent").startswith("26 Oct")
    finally:
        shown.close()


def test_a_script_that_got_into_the_page_would_not_run(browser: Browser, written: Path) -> None:
    broken = written.with_name("broken.html")
    text = written.read_text(encoding="utf-8")
    broken.write_text(
        text.replace("<main>", "<main><script>document.title = 'it ran'</script>"), encoding="utf-8"
    )
    shown = browser.page(width=1280, height=900)
    try:
        shown.load(broken.as_uri())
        assert shown.evaluate("document.title") == "typethrough: statistics"
        assert any("Content Security Policy" in line for line in shown.said)
    finally:
        shown.close()
