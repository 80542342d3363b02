"""What do we earn against what we sold, and can the figure be trusted?"""

from app.readings.rights import Question

QUESTION = Question("margin", frozenset({"finance", "executive"}))
