"""The local lane: suggestions copied from the user's own code, without network and model."""
