"""The life of a request. It decides synchronously with `core`, and acts asynchronously through the ports."""
