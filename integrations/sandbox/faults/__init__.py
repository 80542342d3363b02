"""What goes wrong on purpose: planted in the plan, or met on a vendor's wire."""
