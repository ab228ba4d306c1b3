"""`typethrough doctor`: checks everything that suggestions need, and says what to do about each failure."""
