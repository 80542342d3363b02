"""One package per vendor, found by `directory`: each exports CONNECTOR and is the only code that knows its vendor.

Beside them stand the nouns that all share and that know no vendor: `http`, `reply`, `bearer`, `credentials` (calls)
and `transport` (the way to a system), `rows` (typed reading that names drift), `watermark` (a place in a source read
by time of change), `targets` (answers in order, previews), `digest` (versions within
one tick).
"""
