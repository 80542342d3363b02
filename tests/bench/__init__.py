"""Benchmarks: each figure beside a limit measured in the same run, on loopback and throw-away homes.

`tieout bench ingest|logs|engine|bill|marts` runs `python -m tests.bench.<what>` of this checkout; the installed package
has none.
"""
