"""The ways on which a planted secret could leave: each makes prompts about a text that holds it, at places drawn by chance."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

from tests.core.prompt.editing import Editing, whole
from tests.core.secrets.planted import plant
from tests.support.permits import put, send, tell
from typethrough.core.codebase.choice import Chosen
from typethrough.core.codebase.codebase import Codebase, digest
from typethrough.core.document.document import Position
from typethrough.core.document.view import View
from typethrough.core.models import FimMarks, ModelProfile, profile_of
from typethrough.core.prompt.economist import Terms
from typethrough.core.prompt.layout import PromptState
from typethrough.core.prompt.related import Excerpt, render
from typethrough.core.settings.schema import DEFAULT_MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typethrough.core.prompt.message import Prompt

_FILLER: Final = (
    "def area(width, height):",
    "    return width * height",
    "",
    "for name, item in sorted(items.items()):",
    '    print(f"{name}: {item.price}")',
    "class Shop(Base):",
    '    """Sells things."""',
)
_MARKS: Final = FimMarks("<PRE>", "<SUF>", "<MID>", file="<FILE>", stop=("<END>",))
_MARKS_SPM: Final = FimMarks("<PRE>", "<SUF>", "<MID>", order="spm")
_PIECE: Final = 8


def places(kind: str, count: int) -> Iterator[tuple[Random, str, str]]:
    """A source of chance, a line with a secret, and the secret, for each of some places."""
    random = Random(f"places of {kind}")
    for _ in range(count):
        yield random, *plant(kind, random)


def leaked(secret: str, prompt: Prompt) -> str:
    """A piece of the secret in a prompt, of 8 characters or, where it has fewer, all of it; empty when there is none. Pieces are
    tried at every second character, so nothing of more than 8 is missed.
    """
    text, size = whole(prompt), min(_PIECE, len(secret))
    starts = {*range(0, len(secret) - size + 1, 2), len(secret) - size}
    return next(
        (secret[start : start + size] for start in starts if secret[start : start + size] in text), ""
    )


def _filler(random: Random, count: int) -> list[str]:
    return random.choices(_FILLER, k=count)


def _amid(random: Random, line: str, most: int = 90) -> list[str]:
    return [*_filler(random, random.randrange(most)), line, *_filler(random, random.randrange(most))]


def file_and_window(random: Random, line: str, _: str) -> Iterator[Prompt]:
    """The file frozen whole or in part, the cursor in the line or somewhere else."""
    lines = _amid(random, line)
    editing = Editing("\n".join(lines), anchor_chars=random.choice((300, 1_500, 9_000)))
    yield editing.prompt(Position(lines.index(line), random.randrange(len(line) + 1)))
    yield editing.prompt(Position(random.randrange(len(lines)), 0))


def edits(random: Random, line: str, _: str) -> Iterator[Prompt]:
    """The line is pasted, changed at its end, and taken away where it stood, with the cursor elsewhere in between."""
    lines = [*_filler(random, 60), line, *_filler(random, 60)]
    editing = Editing("\n".join(lines), anchor_chars=9_000)
    yield editing.prompt(Position(0, 0))
    yield editing.prompt(editing.edit(Position(20, 0), Position(20, 0), f"{line}\n"))
    end = Position(20, len(line))
    editing.edit(end, end, "  # new")
    yield editing.prompt(Position(110, 0))
    editing.edit(Position(61, 0), Position(62, 0), "")
    yield editing.prompt(Position(5, 0))


def cut_lines(random: Random, line: str, secret: str) -> Iterator[Prompt]:
    """A long line that is cut in the middle of the secret: at 400 characters, or round the cursor."""
    pad = "x = f(y); " * 400
    border = random.choice((400, 1_600, 2_000))
    before = pad[: max(0, border - line.index(secret) - random.randrange(len(secret) + 1))]
    text = f"{before} {line} {pad}"
    editing = Editing(f"first\n{text}\nlast\n", anchor_chars=3_000)
    yield editing.prompt(Position(0, 0))
    start = text.index(secret)
    for column in (start - 395, start + len(secret) + 1_595, start + random.randrange(len(secret))):
        yield editing.prompt(Position(1, max(0, column)))


def code_model(random: Random, line: str, _: str) -> Iterator[Prompt]:
    """The prompt in a code model's own form, with little room or much."""
    lines = _amid(random, line)
    editing = Editing("\n".join(lines))
    at = lines.index(line)
    for marks, column in ((_MARKS, random.randrange(len(line) + 1)), (_MARKS_SPM, len(line))):
        terms = Terms(ModelProfile(fim=marks), random.choice((200, 1_000, 9_000)), 64)
        view = View.at(editing.document.snapshot, Position(at, column), uri=editing.document.uri)
        yield editing.state.build(send("src/main.py"), view, terms, 0.0)


def other_files(random: Random, line: str, _: str) -> Iterator[Prompt]:
    """Declarations of another file, chosen or told by their names, and a piece of one or of notes, cut where the window is."""
    name = f"shop{random.randrange(10**6)}_of"
    text = "\n".join(
        (
            f"# {line}",
            f"def {name}(self):",
            f'    """{line.replace(chr(34), chr(39))}"""',
            line.strip(),
            f"class Pay{name}:",
            f"    LIMIT = {line.strip()}",
            f"    def f(self, key='x', {line.strip()}): ...",
        )
    )
    codebase = Codebase()
    file = digest("src/keys.py", text, random.choice(("python", "unknown")))
    put(codebase, file)
    excerpts = [Excerpt(tell("src/other.py"), f"{'y ' * random.randrange(150, 210)} {line}\n{line}")]
    told = PromptState(tell("src/main.py"), "python", "project", codebase)
    told.related = render([Chosen(file.path, tuple(file.rows()))], excerpts)
    snapshot = Editing(f"{name}()\n\n").document.snapshot
    view = View.at(snapshot, Position(1, 0), uri="file:///project/src/main.py")
    terms = Terms(profile_of(DEFAULT_MODEL), 20_000, 64)
    for state in (told, PromptState(tell("src/main.py"), "python", "project", codebase)):
        prompt = state.build(send("src/main.py"), view, terms, 0.0)
        assert name in whole(prompt), "the file is told of"
        yield prompt


ROUTES: Final[tuple[Callable[[Random, str, str], Iterator[Prompt]], ...]] = (
    file_and_window,
    edits,
    cut_lines,
    code_model,
    other_files,
)
