"""Does it tie out: is every amount in exactly one place, on both sides of every joint?"""
