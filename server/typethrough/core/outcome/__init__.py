"""How requests end: the endings, the last of them, and what to do about one."""
