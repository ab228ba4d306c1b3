"""Fits an answer into the document around the cursor.

`before` removes what the answer repeats of the text before the cursor. `joint` joins it to the cursor's line.
`indentation` moves its lines to the file's levels of indentation. `behind` decides which part of its end already stands
after the cursor, and how much of that it replaces.
"""
