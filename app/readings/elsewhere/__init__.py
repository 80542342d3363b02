"""What do flows do that others run, and what would rules make of what they send? Operations shows it."""
