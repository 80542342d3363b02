"""Alerts: who is told of what, and by which road (X10). See README.md."""
