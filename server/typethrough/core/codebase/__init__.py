"""What is known of the other files of a workspace, and what of it goes into a prompt."""
