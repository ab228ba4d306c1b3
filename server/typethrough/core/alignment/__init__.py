"""How an answer overlaps with the document round the cursor, and how what is new in it is put in.

An answer is code that was written for a place. `indentation` moves its lines to the levels of the file.
"""
