"""The constant beginning of every prompt: what is asked of the model, and examples of it.

Written for a small *chat* model, whose failures as an infiller are known: prose, fences, echoed lines, undone deletions.
Each rule answers one of them; each example shows one shape of answer (rest of a line, rest of a block, a line break first).
A change here changes every cached prefix.
"""

from __future__ import annotations

import re

from typethrough.core.prompt.message import Message

CURSOR = "<CURSOR>"

# Strings that only the prompt's own form contains: a model that writes one has run past its answer, or begins to recite the
# prompt instead of answering (the commonest failure of a small model). Four is what providers take.
STOP = (CURSOR, "</now>", "<now path=", "<file path=")

_MARKS = re.compile(r"<CURSOR>|</(?:now|file|change|known)>")
_MAX_LINE_CHARS = 400
# What is read of a line: one character more than is shown tells that it is cut.
READ_CHARS = _MAX_LINE_CHARS + 1

RULES = f"""\
You complete code and text while it is being typed. The editor shows your reply as a grey suggestion at the cursor.
You are given what is known of other files, a file, the changes made to it since, and last the lines round the cursor as they \
are now, with {CURSOR} where the cursor is. Reply with exactly the text that belongs at {CURSOR}, and with nothing else.
- Your reply is inserted as it is: begin with the very next character, and never repeat text that stands before or after \
{CURSOR}.
- Finish the current line first. Go on with the lines that follow it, up to about ten, while you are sure of them; stop \
where the text after {CURSOR} takes over.
- When the current line is already complete, begin with a line break.
- Write plain text in the file's own style: its indentation, quotes and names. No Markdown, no code fences, no \
explanations, no placeholders. The tags known, file, change and now only frame what you are given: never write them.
- Text that the changes show as deleted was deleted on purpose: do not bring it back.
- When nothing is missing, reply with an empty message."""

_EXAMPLES = (
    (
        f"""\
<now path="cart.js" language="javascript">
function total(items) {{
  let sum = 0;
  for (const item of items) {{
    {CURSOR}
  }}
  return sum;
}}
</now>""",
        "sum += item.price * item.count;",
    ),
    (
        f"""\
<now path="shapes.py" language="python">
def perimeter(width, height):
    return 2 * (width + height)

def area(width, height):
    return wi{CURSOR}

print(area(3, 4))
</now>""",
        "dth * height",
    ),
    (
        f"""\
<now path="store.py" language="python">
class Store:
    def __init__(self, path, limit):
        self.path = path{CURSOR}

    def load(self):
</now>""",
        "\n        self.limit = limit",
    ),
)


def plain(text: str) -> str:
    """A text of the user's with the prompt's own marks broken up: there is one cursor, and every part ends once."""
    return _MARKS.sub(lambda mark: f"{mark[0][:-1]} >", text) if "<" in text else text


def plain_line(line: str) -> str:
    """The same for one line, which is cut when it is long enough to crowd out everything else."""
    return plain(line if len(line) <= _MAX_LINE_CHARS else line[:_MAX_LINE_CHARS] + "…")


def is_plain(lines: list[str]) -> bool:
    """Whether `plain_line` would leave every line as it is; much cheaper to ask of many lines at once."""
    return max(map(len, lines), default=0) <= _MAX_LINE_CHARS and not _MARKS.search("\n".join(lines))


def attribute(text: str) -> str:
    """`text` as the value of an attribute: one line, no quotes, bounded."""
    return plain(" ".join(text.replace('"', "'").split())[:200])


def opening(workspace: str) -> tuple[Message, ...]:
    """The messages that begin every prompt of a workspace; `workspace` is a short constant name without a path."""
    head = Message("system", f"{RULES}\nWorkspace: {workspace}")
    turns = (turn for ask, reply in _EXAMPLES for turn in (Message("user", ask), Message("assistant", reply)))
    return (head, *turns)
