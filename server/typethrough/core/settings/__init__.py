"""Settings: what there is to decide, what a value may be, which layer holds, and where code may go."""
