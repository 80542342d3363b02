"""One package per vendor, found by name: each exports CONNECTOR and is the only code that knows its vendor.

Beside them stand the nouns that all share and that know no vendor: `http` (calls), `rows` (typed reading that names
drift), `watermark` (a place in a source read by time of change), `targets` (answers in order, previews), `mirror`
(snapshots by change).
"""
