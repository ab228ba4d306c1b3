"""A headless Chromium and its pages, for tests that are not asynchronous.

Owns the browser's process and its event loop, which runs in a thread, so that a test can use asyncio for other things.
Each call has a time limit, and ends with an error instead of hanging. Must not know what a page shows.
"""

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self, TypeVar

from playwright.async_api import Browser as Chromium
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page as PlaywrightPage
from playwright.async_api import Playwright, async_playwright

T = TypeVar("T")
Scheme = Literal["light", "dark"]

_CALL_S: Final = 30.0
# No network access of its own, and no graphics card.
_FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Browser:
    """A running browser. As a context manager it ends it."""

    def __init__(self, executable: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="browser", daemon=True)
        self._thread.start()
        self._playwright: Playwright = self.run(async_playwright().start())
        self._chromium: Chromium = self.run(
            self._playwright.chromium.launch(executable_path=executable, args=list(_FLAGS))
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the browser and its event loop."""
        self.run(self._chromium.close())
        self.run(self._playwright.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def page(
        self, *, width: int, height: int, scale: float = 1, script: str = "", scheme: Scheme = "light"
    ) -> "Page":
        """Return an empty page that shares nothing with others. `script` runs first in every document that it loads.
        `scheme` is the colour scheme that its user prefers.
        """
        return Page(self, self.run(self._open(width, height, scale, script, scheme)))

    async def _open(
        self, width: int, height: int, scale: float, script: str, scheme: Scheme
    ) -> PlaywrightPage:
        context = await self._chromium.new_context(
            viewport={"width": width, "height": height},
            device_scale_factor=scale,
            locale="en-US",
            color_scheme=scheme,
        )
        await context.add_init_script(script)
        return await context.new_page()

    def run(self, work: Coroutine[Any, Any, T], timeout_s: float = _CALL_S) -> T:
        """Run `work` on the browser's loop and return its value. Raises AssertionError if it takes too long."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(timeout_s)
        except concurrent.futures.TimeoutError:
            future.cancel()
            raise AssertionError(f"the browser did not answer within {timeout_s:g} s") from None


class Page:
    """One page, driven like by a user. A call returns when the browser has processed it.

    `crashes` are the errors in its scripts, `said` is the text in its console, `requested` are the addresses that it asked for.
    """

    def __init__(self, browser: Browser, page: PlaywrightPage) -> None:
        self._browser = browser
        self._page = page
        self.crashes: list[str] = []
        self.said: list[str] = []
        self.requested: list[str] = []
        browser.run(self._listen())

    async def _listen(self) -> None:
        # Runs on the browser's loop, because adding a listener sends a message to the browser in a task.
        self._page.on("pageerror", lambda error: self.crashes.append(str(error)))
        self._page.on("console", lambda message: self.said.append(message.text))
        self._page.on("request", lambda request: self.requested.append(request.url))

    def close(self) -> None:
        """Close the page and drop its data. The browser continues."""
        self._browser.run(self._page.context.close())

    def load(self, address: str) -> None:
        """Load an address, and wait until its document is there."""
        self._browser.run(self._page.goto(address, wait_until="domcontentloaded"))

    def press(self, key: str) -> None:
        """Press a key or a chord, such as `Tab` or `Control+ArrowRight`."""
        self._browser.run(self._page.keyboard.press(key))

    def type(self, text: str, rhythm_ms: float = 0) -> None:
        """Type text, one key per character. Characters that a US keyboard does not have are inserted as by an input method."""
        typing = self._page.keyboard.type(text, delay=rhythm_ms)
        self._browser.run(typing, _CALL_S + len(text) * rhythm_ms / 1000)

    def click(self, selector: str) -> None:
        """Click the first element that matches, when it is there."""
        self._browser.run(self._page.locator(selector).first.click(timeout=10_000))

    def hover(self, selector: str) -> None:
        """Move the mouse over the first element that matches."""
        self._browser.run(self._page.locator(selector).first.hover(timeout=10_000))

    def evaluate(self, script: str, value: object = None) -> Any:
        """Run JavaScript in the page and return its value."""
        return self._browser.run(self._page.evaluate(script, value))

    def text_of_frames(self) -> str:
        """Return the text of the documents inside the page, which the page's own scripts cannot read."""
        return "\n".join(self.evaluate_in_frames("document.body?.innerText ?? ''"))

    def evaluate_in_frames(self, script: str) -> list[Any]:
        """Run JavaScript in each of the documents inside the page and return their values."""
        return self._browser.run(self._evaluate_in_frames(script))

    async def _evaluate_in_frames(self, script: str) -> list[Any]:
        values = []
        for frame in self._page.frames[1:]:
            # A document that is being loaded has no content yet.
            with suppress(PlaywrightError):
                values.append(await frame.evaluate(script))
        return values

    def click_in_frames(self, selector: str) -> None:
        """Click the first element that matches in any of the documents inside the page."""
        self._browser.run(self._click_in_frames(selector))

    async def _click_in_frames(self, selector: str) -> None:
        for frame in self._page.frames[1:]:
            if await frame.locator(selector).count():
                await frame.locator(selector).first.click(timeout=10_000)
                return
        raise AssertionError(f"no {selector} in any panel")

    def picture(self, path: Path, *, selector: str | None = None) -> None:
        """Write what is on screen, or one element of it, as a PNG."""
        what = self._page if selector is None else self._page.locator(selector).first
        self._browser.run(what.screenshot(path=path))
