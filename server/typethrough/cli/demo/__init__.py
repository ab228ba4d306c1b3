"""`typethrough demo`: types a file with suggestions from the real engine, on a screen of its own."""
