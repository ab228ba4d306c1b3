"""The table of faults as a page for users. Pure."""

from __future__ import annotations

import re

from typethrough.core.outcome.faults import Fault

_HEAD = """# What can go wrong, and what happens then

This page is made from the table in `server/typethrough/core/outcome/faults.py`, which the server itself goes by. Whatever goes
wrong, each request is answered within its budget, the local lane goes on, and typing is never held up.

- You are told once a cause: again only after an hour, and when it has been away in between. The status shows it all the while.
- What you have to mend (a key, a balance, a model, a web filter) is looked at again by itself. A message says when the model
  answers again. You need not wait: come back to the editor's window, or restart the server.
- While no model answers, your settings file and the file with a token are looked at every 2 seconds, and `api_key_command` is run
  again: after 3 s, then twice as long each time, up to 5 minutes; 2 minutes at least when it gave no key in its time.

Words in *italics* are filled in.

| Cause | How it shows itself | What you are told | What is sent after it | When it is tried again |
|---|---|---|---|---|
"""


def page() -> str:
    """The page as Markdown, with one table row per fault."""
    return _HEAD + "".join(f"{_row(fault)}\n" for fault in Fault)


def _row(fault: Fault) -> str:
    name = fault.name.lower().replace("_", " ")
    told = re.sub(r"\{(\w+)\}", r"*\1*", fault.told) or "nothing"
    return f"| {name} | {fault.met} | {told} | {fault.sent} | {fault.again.when} |"
