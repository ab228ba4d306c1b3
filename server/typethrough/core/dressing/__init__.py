"""Removes what a model puts around its answer, such as fences and talk. Knows the view and the raw answer, not the engine."""
