"""Does it tie out: is every amount in exactly one place, on both sides of every joint?"""

from app.readings.rights import Question

QUESTION = Question("reconciliation", frozenset({"finance", "executive"}))
