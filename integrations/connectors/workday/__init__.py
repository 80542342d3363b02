"""Workday as HCM: workers with legal entity, cost centre, hours and cost rate, over SOAP."""

from integrations.connectors.workday.connector import Workday

CONNECTOR = Workday

__all__ = ["CONNECTOR"]
