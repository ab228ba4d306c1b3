"""The composition root: builds the engine from settings and ports, and runs a command."""
