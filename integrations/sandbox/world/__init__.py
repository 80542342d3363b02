"""The firm, drawn from a seed: people, sales, timesheets, the plan of what happens, and the tables that keep it."""
