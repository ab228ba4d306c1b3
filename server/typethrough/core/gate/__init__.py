"""Whether a document may be completed, remembered and told."""
