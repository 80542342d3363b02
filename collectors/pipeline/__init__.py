"""From a request to durable rows of the audit lake: read, validate, protect, correlate, spool, commit."""
