"""What telemetry shows as pages."""
