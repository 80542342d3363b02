"""A generic portfolio system as PPM: projects and budgets over plain REST."""

from integrations.connectors.ppm.connector import Portfolio

CONNECTOR = Portfolio

__all__ = ["CONNECTOR"]
