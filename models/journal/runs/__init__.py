"""Runs: what must happen to each business fact, one verb a module."""
