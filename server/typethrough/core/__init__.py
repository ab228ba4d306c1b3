"""Deciding, joining, cutting, caching and prompt layout: pure functions and values, no clock, no I/O, no asyncio."""
