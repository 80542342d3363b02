"""What moves the world clock: ticks through history, then the wall's pace."""
