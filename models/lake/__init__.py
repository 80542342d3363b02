"""The audit lake: open, migrate, append, seal, verify, maintain; the only place that opens DuckDB, with marts."""
