"""What looks like a key or a password stays on this machine: found here, and replaced in everything that is sent."""
