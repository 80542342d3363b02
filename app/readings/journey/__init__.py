"""What happened to this one thing, in every system?"""

from app.readings.rights import Question

QUESTION = Question("journey", frozenset({"operations", "finance"}))
