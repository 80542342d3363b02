"""Events by a message broker that speaks AMQP 0-9-1. Nothing here is imported before a catalogue names a broker."""
