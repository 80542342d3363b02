"""NetSuite as ERP: master data by external id, postings in asynchronous batches, reads by SuiteQL."""

from integrations.connectors.netsuite.connector import NetSuite

CONNECTOR = NetSuite

__all__ = ["CONNECTOR"]
