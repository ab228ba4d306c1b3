"""What a model puts round its answer, and how it comes off. Knows the view and the raw answer, never the engine."""
