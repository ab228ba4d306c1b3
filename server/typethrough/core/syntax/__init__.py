"""Checks with a grammar whether a suggestion, once accepted, adds syntax errors."""
