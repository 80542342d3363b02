"""The audit lake: open, migrate, append, seal, verify, maintain. Beside the derivation only it opens DuckDB."""
