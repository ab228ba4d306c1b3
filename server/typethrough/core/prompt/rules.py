"""The constant beginning of every prompt: the instructions for the model, and examples.

They are written for a small chat model. Such models make known mistakes: prose, code fences, repeated lines, deleted text put
back. Each rule is against one of them. Each example shows one kind of answer (rest of a line, rest of a block, a line break
first). A change here makes every cached prompt useless.
"""

from __future__ import annotations

import re

from typethrough.core.prompt.message import Message

CURSOR = "<CURSOR>"

# Strings that occur only in the prompt's own frame. A model that writes one has gone beyond its answer, or repeats the prompt
# instead of answering, which is the most frequent failure of a small model. Providers accept at most four.
STOP = (CURSOR, "</now>", "<now path=", "<file path=")

_MARKS = re.compile(r"<CURSOR>|</(?:now|file|change|known)>")
_MAX_LINE_CHARS = 400
# How much of a line is read: one character more than is shown, so that a cut is noticed.
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
    """The user's text with the prompt's own marks broken up, so that there is one cursor and each part ends once."""
    return _MARKS.sub(lambda mark: f"{mark[0][:-1]} >", text) if "<" in text else text


def plain_line(line: str) -> str:
    """The same for one line. A very long line is cut, because it would leave no room for others."""
    return plain(line if len(line) <= _MAX_LINE_CHARS else line[:_MAX_LINE_CHARS] + "…")


def is_plain(lines: list[str]) -> bool:
    """Whether `plain_line` would change none of the lines. One check of many lines is much cheaper."""
    return max(map(len, lines), default=0) <= _MAX_LINE_CHARS and not _MARKS.search("\n".join(lines))


def attribute(text: str) -> str:
    """`text` as the value of an attribute: one line, no quotes, bounded."""
    return plain(" ".join(text.replace('"', "'").split())[:200])


def opening(workspace: str) -> tuple[Message, ...]:
    """The messages at the start of every prompt of a workspace. `workspace` is a short constant name, not a path."""
    head = Message("system", f"{RULES}\nWorkspace: {workspace}")
    turns = (turn for ask, reply in _EXAMPLES for turn in (Message("user", ask), Message("assistant", reply)))
    return (head, *turns)
