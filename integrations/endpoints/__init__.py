"""Calls to the endpoints that run again what flows elsewhere failed at (C9). See README.md."""
