"""Keys of values that not everybody may read, one for each person and each contract."""
