"""Whether a document may get suggestions, be remembered, be used in prompts of other documents, and be sent."""
