"""Real engines that run flows of their own, seen from here: README.md beside says how to try them."""
