"""One emulator a vendor, over tables of the ledger; none knows another."""
