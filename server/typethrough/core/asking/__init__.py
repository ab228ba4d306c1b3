"""Decides whether, when and which model to ask."""
