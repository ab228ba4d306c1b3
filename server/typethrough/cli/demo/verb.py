"""`typethrough demo`: a person types a real file, through the real engine, and everyone sees what happens.

Nothing is staged: the suggestions are what the engine gives, and the text still to be typed is known to the person alone. The
file itself is kept out of what the local lane reads.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from typethrough.cli.compose import begin_verb
from typethrough.cli.demo.editor import DemoEditor
from typethrough.cli.demo.screen import Screen, last_rows
from typethrough.cli.demo.stage import Stage, print_event
from typethrough.cli.demo.stretch import stretch_of
from typethrough.cli.demo.summary import summary
from typethrough.cli.demo.typist import Act, Typist, keystroke, keystrokes
from typethrough.telemetry.recorder import LogRecorder

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable

    from typethrough.cli.compose import Composition
    from typethrough.cli.demo.stretch import Stretch

_SCREEN_SECONDS = 25.0
_PLAIN_SECONDS = 7.0
_PLAIN_SPEED = 3.0
_READING_S = 1.5
_HURRY = 0.25


def run_demo(options: argparse.Namespace) -> int:
    """Show it. Raises NothingToType."""
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
    # On the screen log lines would tear the frame; what matters of them is said afterwards.
    composition.start_logging(settings, problems, to_stderr=plain)
    recorder = LogRecorder(composition.clock.local_time)
    engine = composition.engine(settings, recorder, stretch.folder)
    now = composition.clock.now
    choice = composition.endpoint(settings)
    # Nothing waits for a network on the local lane alone, so that there nobody need wait for the typing either.
    speed = options.speed or (_PLAIN_SPEED if plain and not choice.usable else 1.0)
    typist = Typist(options.seed, speed)
    try:
        stage = Stage(stretch.path.name, choice.why)
        editor = DemoEditor(engine, now, stage.happened, stretch.path.as_uri())
        editor.open(stretch.language_id, stretch.before)
        # Open documents are not read from the disk: the local lane cannot know what is still to be typed.
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
    """Have the person write `text` into the editor, until it is all there or, at a line's end, the time is over."""
    written = ""
    while written != text:
        upcoming = text[len(written) :]
        if upcoming.startswith("\n") and is_over():
            return
        pause_s = typist.pause_s(written, upcoming)
        # Once the time is over the line is only finished, and briskly.
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
