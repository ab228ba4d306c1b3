"""`typethrough evaluate`: how well a model, a lane or a form of prompt completes the lines of the user's own repository."""
