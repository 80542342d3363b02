"""What people may do with requests: ask, decide what another asked, take back what they asked."""

from __future__ import annotations

from models.journal.requests.asking import Asking
from models.journal.requests.deciding import Deciding
from models.journal.requests.writing_off import WritingOff


class DeskRequests(Asking, WritingOff, Deciding):
    """Each method is one transaction."""
