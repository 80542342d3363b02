"""What waits for a second person, and what did one decide?"""

from app.readings.rights import Question

QUESTION = Question("approvals", frozenset({"operations", "finance", "executive"}))
