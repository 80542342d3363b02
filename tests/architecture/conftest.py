"""Journals for these tests."""

from tests.journals import journal_url  # noqa: F401
