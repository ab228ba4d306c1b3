"""Settings: which there are, what values they can have, which source wins, and where code may be sent."""
