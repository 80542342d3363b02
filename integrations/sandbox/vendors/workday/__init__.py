"""Workday, human resources."""
