"""The connection to models: OpenAI-compatible chat completions over HTTP/1.1, behind the engine's `Gateway` port."""
