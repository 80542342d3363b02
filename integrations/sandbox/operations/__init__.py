"""What people do in the vendors' systems, and what is true of them after."""
