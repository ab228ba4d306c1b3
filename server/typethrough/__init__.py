"""A language server that turns typing into ghost text, in any editor."""

__version__ = "0.1.0"
