"""Is work flowing?"""

from app.readings.rights import Question

QUESTION = Question("operations", frozenset({"operations", "executive"}))
