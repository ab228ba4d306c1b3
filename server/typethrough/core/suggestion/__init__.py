"""A suggestion from the stream to the screen: cutting, caching, following edits."""
