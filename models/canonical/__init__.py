"""Canonical, versioned business schemas (M1–M4): the only shapes that flows know."""
