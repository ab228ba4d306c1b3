"""Builds the prompt: a long part that stays byte-identical between keystrokes, then a short question."""
