"""`typethrough demo`: a file typed through the real engine, on a screen of its own."""
