"""Requests: what people ask of the engine, and how far it is."""

from models.journal.requests.approvals import Approval
from models.journal.requests.reading import Request

__all__ = ["Approval", "Request"]
