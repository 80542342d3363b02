"""One package per vendor, found by name."""
