"""The second opinion of a grammar: whether a text, once accepted, leaves syntax errors that were not there before."""
