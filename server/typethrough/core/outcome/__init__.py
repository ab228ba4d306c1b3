"""How requests end: the endings and their causes, the last outcomes, and advice about them."""
