"""The sync engine: what an author writes against (contracts), the engine, connectors, flows and the sandbox."""
