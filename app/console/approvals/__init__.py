"""What waits for a second person, and what one decided."""
