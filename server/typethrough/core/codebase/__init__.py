"""What is known of the other files of a workspace, and which part of it goes into a prompt."""
