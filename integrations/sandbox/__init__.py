"""The sandbox: one consistent world behind emulators of five vendors, with planted faults and the truth beside it."""
