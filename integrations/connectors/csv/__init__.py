"""Delimited files and workbooks as a source (PSA by default), and result files as its target (S6)."""

from integrations.connectors.csv.connector import CsvFiles

CONNECTOR = CsvFiles

__all__ = ["CONNECTOR"]
