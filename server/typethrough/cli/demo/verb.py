"""`typethrough demo`: a simulated person types a real file with suggestions from the real engine.

Nothing is faked: the engine gives the suggestions, and it does not know the text still to be typed. The local lane does
not read the file itself from the disk.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from typing import TYPE_CHECKING

from typethrough.cli.compose import begin_verb
from typethrough.cli.demo.editor import DemoEditor
from typethrough.cli.demo.paint import BOLD, FAINT, RESET
from typethrough.cli.demo.screen import Screen, last_rows
from typethrough.cli.demo.stage import Stage, counted, print_event
from typethrough.cli.demo.stretch import stretch_of
from typethrough.cli.demo.typist import Act, Typist, keystroke, keystrokes
from typethrough.telemetry.recorder import LogRecorder, percentile

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable, Sequence

    from typethrough.cli.compose import Composition
    from typethrough.cli.demo.editor import Score
    from typethrough.cli.demo.stretch import Stretch
    from typethrough.core.settings.access import EndpointChoice
    from typethrough.telemetry.recorder import Counters

_SCREEN_SECONDS = 25.0
_PLAIN_SECONDS = 7.0
_PLAIN_SPEED = 3.0
_READING_S = 1.5
_HURRY = 0.25
_ASK_A_MODEL = "to ask a model too, set AI_GATEWAY_API_KEY, OPENAI_API_KEY, or TYPETHROUGH_BASE_URL and TYPETHROUGH_API_KEY"


def run_demo(options: argparse.Namespace) -> int:
    """Run the demo. Raises NothingToType."""
    stretch = stretch_of(options.file)
    plain = options.plain or not sys.stdout.isatty()
    seconds = options.seconds or (_PLAIN_SECONDS if plain else _SCREEN_SECONDS)
    composition = begin_verb(options)
    asyncio.run(_demo(composition, stretch, options, seconds, plain=plain))
    return 0


async def _demo(
    composition: Composition, stretch: Stretch, options: argparse.Namespace, seconds: float, *, plain: bool
) -> None:
    settings, problems = await composition.ready_settings()
    # Log lines would destroy the frame on the screen. Notices are printed afterwards.
    composition.start_logging(settings, problems, to_stderr=plain, is_quiet=True)
    recorder = LogRecorder(composition.clock.local_time)
    engine = composition.engine(settings, recorder, stretch.folder)
    now = composition.clock.now
    choice = composition.endpoint(settings)
    # The local lane needs no network, so with it alone typing can be faster.
    speed = options.speed or (_PLAIN_SPEED if plain and not choice.usable else 1.0)
    typist = Typist(options.seed, speed)
    try:
        stage = Stage(stretch.path.name, choice.why)
        editor = DemoEditor(engine, now, stage.happened, stretch.path.as_uri())
        editor.open(stretch.language_id, stretch.before)
        # Open documents are not read from the disk, so the local lane cannot know the text still to be typed.
        await composition.read_workspace(engine, _READING_S)
        ends_s = now() + seconds
        typing = type_out(editor, stretch.to_type, typist, lambda: now() >= ends_s, asyncio.sleep, stage.key)
        if plain:
            print(f"typing {stretch.path.name}: {choice.why}")
            stage.show = print_event
            await typing
        else:
            with Screen() as screen:
                stage.show = lambda _event: screen.draw(stage.view(editor))
                await typing
            print("\n".join(last_rows(stage.view(editor))))
        await editor.aclose()
    finally:
        await engine.aclose()
    notices = [problem.message for problem in problems] + recorder.notices
    print(
        "\n".join(summary(stretch.path.name, editor.score, recorder.counters, choice, notices, plain=plain))
    )


async def type_out(
    editor: DemoEditor,
    text: str,
    typist: Typist,
    is_over: Callable[[], bool],
    sleep: Callable[[float], Awaitable[None]],
    on_key: Callable[[DemoEditor], None] = lambda _editor: None,
) -> None:
    """Let the person type `text` into the editor until it is complete, or until the time is over at a line's end."""
    written = ""
    while written != text:
        upcoming = text[len(written) :]
        if upcoming.startswith("\n") and is_over():
            return
        pause_s = typist.pause_s(written, upcoming)
        # When the time is over, only the line is finished, and faster.
        await sleep(pause_s * _HURRY if is_over() else pause_s)
        step = typist.step(editor.ghost.text if editor.ghost else "", upcoming)
        if step.act is Act.ACCEPT:
            await sleep(step.wait_s)
        ghost = editor.ghost
        if step.act is Act.ACCEPT and ghost is not None and upcoming.startswith(ghost.text):
            written += ghost.text
            editor.accept(keystrokes(ghost.text))
        else:
            key = keystroke(upcoming)
            written += key
            editor.type(key)
        on_key(editor)


def summary(
    name: str,
    score: Score,
    counters: Counters,
    choice: EndpointChoice,
    notices: Sequence[str],
    *,
    plain: bool,
) -> list[str]:
    """The lines of the summary: one per figure, then the problems. Without ANSI codes if `plain`."""
    times_ms = [ms for _source, ms in score.first_ms]
    sources = Counter(source for source, _ms in score.first_ms)
    usage, cost = counters.spent.usage, counters.spent.dollars
    by_source = ", ".join(f"{source} {count}" for source, count in sources.most_common())
    struck = f"{counted(score.keys, 'key')}: {score.saved_share:.0%} saved, {score.accepts} × accepted with Tab (⇥), "
    struck += f"{counted(score.through_chars, 'character')} typed as the ghost text said (»), "
    struck += f"{score.diverged} × something else typed (×)"
    upstream = f"{counted(counters.streams.total(), 'request')}, {usage.prompt_tokens} tokens in "
    upstream += f"({usage.cached_tokens} cached), {usage.output_tokens} out, ${cost:.5f}"
    rows = [
        ("typed", f"{name}: without ghost text {counted(score.typed_keys_worth, 'key')}"),
        ("struck", struck),
        ("ghost text", f"{counted(len(times_ms), 'suggestion')}: {by_source or 'none'}"),
        ("after", f"p50 {percentile(times_ms, 0.5):.1f} ms, p95 {percentile(times_ms, 0.95):.1f} ms"),
        ("upstream", upstream),
        ("lane", choice.why),
    ]
    if not (choice.usable or choice.is_refused):
        rows.append(("", _ASK_A_MODEL))
    rows += [("note", notice) for notice in notices]
    rows.append(("next", "your editor: README.md sets it up, in a minute for VS Code and Neovim"))
    bold, faint, reset = ("", "", "") if plain else (BOLD, FAINT, RESET)
    heading = [f"{bold}typethrough demo{reset}"] if not plain else [""]
    return [*heading, *(f"{faint}{label:<11}{reset} {value}" for label, value in rows)]
