"""Salesforce, the CRM."""
