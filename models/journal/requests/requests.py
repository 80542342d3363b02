"""Every verb of a request in one."""

from __future__ import annotations

from models.journal.requests.approvals import ApprovalReading
from models.journal.requests.desk import DeskRequests
from models.journal.requests.serving import Serving


class Requests(DeskRequests, Serving, ApprovalReading):
    """Each method is one transaction."""
