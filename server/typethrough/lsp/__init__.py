"""The pygls edge: the only place that knows LSP types and UTF-16."""
