"""Web pages that show what telemetry has recorded."""
