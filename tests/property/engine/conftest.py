"""Journals for these tests."""

from tests.journals import any_journal, clock, journal, journal_url  # noqa: F401
