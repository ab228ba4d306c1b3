"""The life of a request: decides synchronously with `core`, acts asynchronously through the ports."""
