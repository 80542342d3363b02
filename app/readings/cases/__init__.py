"""What is stuck, why, what is it worth, and what mends it?"""

from app.readings.rights import Question

QUESTION = Question("exceptions", frozenset({"operations", "finance"}))
