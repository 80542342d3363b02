"""Derives the marts from the audit lake and the journal, and keeps them up to date."""
