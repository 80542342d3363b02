"""The journal: runs, cases, requests and everything else that says what must happen; one method is one transaction."""

from models.journal.journal import Journal, open_journal

__all__ = ["Journal", "open_journal"]
