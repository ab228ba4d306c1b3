"""What happened, for people: logs, counters and statistics, without any document text and without keys."""
