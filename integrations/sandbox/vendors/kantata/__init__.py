"""Kantata, the PSA."""
