"""The table of faults as a page for users, `server/docs/faults.md`. `python -m tests.bench.faults --page` prints it."""

from __future__ import annotations

import re

from typethrough.core.outcome.faults import Fault

_HEAD = """# What can go wrong, and what happens then

This page is generated from the table in `server/typethrough/core/outcome/faults.py`, which the server uses. Whatever goes wrong,
each request is answered within its budget, the local lane continues, and typing is never delayed.

- You get one message per cause. It comes again only after an hour, and only if the fault was gone in between. The status shows
  the fault all the time.
- Some faults need you: a key, a balance, a model, a web filter. The server checks for itself whether they are gone, and a message
  says when the model answers again. To make it check at once, come back to the editor's window or restart the server.
- While no model answers, the server checks your settings file and the token file every 2 seconds. It runs `api_key_command` again
  after 3 s, then after twice as long each time, up to 5 minutes. If the command ran into its time limit, it waits at least
  2 minutes.

Words in *italics* are placeholders.

| Cause | How it shows | Message | What is sent afterwards | When it is tried again |
|---|---|---|---|---|
"""


def page() -> str:
    """The page as Markdown, with one table row per fault."""
    return _HEAD + "".join(f"{_row(fault)}\n" for fault in Fault)


def _row(fault: Fault) -> str:
    name = fault.name.lower().replace("_", " ")
    told = re.sub(r"\{(\w+)\}", r"*\1*", fault.told) or "nothing"
    return f"| {name} | {fault.met} | {told} | {fault.sent} | {fault.again.when} |"
