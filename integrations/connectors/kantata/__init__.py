"""Kantata OX as PSA: approved time and expenses out of its event feed, projects and people in, sync results written
back.
"""

from integrations.connectors.kantata.connector import Kantata

CONNECTOR = Kantata

__all__ = ["CONNECTOR"]
