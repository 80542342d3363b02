"""What do flows do that others run, and what would rules make of what they send?"""

from app.readings.rights import Question

QUESTION = Question("elsewhere", frozenset({"operations"}))
