"""What happened, for people: logs and counters without any text of a document and without keys."""
