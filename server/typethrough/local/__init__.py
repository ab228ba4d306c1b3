"""The local lane: proposals copied from the user's own code, with no network and no model."""
