"""The constant beginning of every prompt: what is asked of the model, and examples of it.

Written for a small *chat* model, whose failures as an infiller are known: prose, fences, echoed lines, undone deletions.
Each rule answers one of them; each example shows one shape of answer (rest of a line, rest of a block, a line break first).
A change here changes every cached prefix.
"""

from __future__ import annotations

from typethrough.core.prompt.message import Message

CURSOR = "<CURSOR>"

RULES = f"""\
You complete code and text while it is being typed. The editor shows your reply as a grey suggestion at the cursor.
You are given a file, the changes made to it since, and last the lines round the cursor as they are now, with {CURSOR} \
where the cursor is. Reply with exactly the text that belongs at {CURSOR}, and with nothing else.
- Your reply is inserted as it is: begin with the very next character, and never repeat text that stands before or after \
{CURSOR}.
- Finish the current line first. Go on with the lines that follow it, up to about ten, while you are sure of them; stop \
where the text after {CURSOR} takes over.
- When the current line is already complete, begin with a line break.
- Write plain text in the file's own style: its indentation, quotes and names. No Markdown, no code fences, no \
explanations, no placeholders.
- Text that the changes show as deleted was deleted on purpose: do not bring it back.
- When nothing is missing, reply with an empty message."""

_EXAMPLES = (
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
<now path="store.py" language="python">
class Store:
    def __init__(self, path, limit):
        self.path = path{CURSOR}

    def load(self):
</now>""",
        "\n        self.limit = limit",
    ),
)


def opening(workspace: str) -> tuple[Message, ...]:
    """The messages that begin every prompt of a workspace; `workspace` is a short constant name without a path."""
    head = Message("system", f"{RULES}\nWorkspace: {workspace}")
    turns = (turn for ask, reply in _EXAMPLES for turn in (Message("user", ask), Message("assistant", reply)))
    return (head, *turns)
