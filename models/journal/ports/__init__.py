"""A port of the journal for each caller: engine, desk, reporter, inbox, readings. Import contracts hold them."""
