"""What can be invoiced, and what holds up the rest?"""

from app.readings.rights import Question

QUESTION = Question("billing", frozenset({"finance", "executive"}))
