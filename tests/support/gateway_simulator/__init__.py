"""An OpenAI-compatible gateway as a separate process, for tests and for the typing benchmark.

It owns the wire formats, a model of the prompt cache, seeded latency, answers taken from real files, and faults on
demand. It must not know the code under test: it imports nothing from typethrough, so that a mistake there cannot be
repeated here.
"""
