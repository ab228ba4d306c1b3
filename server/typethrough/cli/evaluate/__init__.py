"""`typethrough evaluate`: measures how well models, lanes or prompt forms complete lines of the user's own repository."""
