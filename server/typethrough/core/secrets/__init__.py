"""Finds what looks like a key or a password, and replaces it in everything that is sent, so that it stays on this machine."""
