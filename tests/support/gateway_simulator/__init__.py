"""An OpenAI-compatible gateway as a process of its own, for the tests and for the typing benchmark.

It owns the wire forms, a prompt-cache model, seeded latency, answers made from true files, and faults on demand. It must
not know the code under test: it imports nothing from typethrough, so that a mistake there cannot hide itself here.
"""
