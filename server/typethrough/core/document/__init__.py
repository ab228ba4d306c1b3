"""A document: its text, a place in it, and what its name says."""
