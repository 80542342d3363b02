"""The page on which finance sees whether every amount stands in exactly one place."""
