"""Which systems are connected, and what each is for."""
