"""The LSP edge: the only place that knows LSP's messages and UTF-16."""
