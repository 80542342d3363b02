"""Salesforce as CRM: accounts and won opportunities by SOQL, customers written back by external id."""

from integrations.connectors.salesforce.connector import Salesforce

CONNECTOR = Salesforce

__all__ = ["CONNECTOR"]
