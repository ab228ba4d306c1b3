"""A document: its text, places in it, and what its URI tells about it."""
