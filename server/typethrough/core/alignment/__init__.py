"""How an answer overlaps with the document round the cursor, and how what is new in it is put in.

An answer is code that was written for a place. `before` takes off what it says again of what stands before the cursor, `joint`
joins it to the cursor's line, `indentation` moves its lines to the levels of the file, and `behind` decides what of its end
stands behind the cursor already, and how much of that it takes the place of.
"""
