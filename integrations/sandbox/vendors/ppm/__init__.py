"""The portfolio system."""
