"""Every verb of a request in one."""

from __future__ import annotations

from models.journal.requests.asking import Asking
from models.journal.requests.reading import RequestReading
from models.journal.requests.serving import Serving


class Requests(Asking, Serving, RequestReading):
    """Each method is one transaction."""
