"""`typethrough doctor`: looks at all that suggestions need, and says of each thing that fails what to do about it."""
