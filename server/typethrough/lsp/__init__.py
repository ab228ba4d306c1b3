"""The LSP edge: the only package that knows LSP's messages and UTF-16 positions."""
