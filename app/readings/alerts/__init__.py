"""Who was told of what, and how it fared on its way (X10)."""
