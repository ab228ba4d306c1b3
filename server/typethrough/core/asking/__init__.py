"""Whether, when and whom to ask."""
