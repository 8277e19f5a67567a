"""Measurements of the whole, run by hand: `make bench-pipeline`.

Nothing here is part of the program or of its tests; figures belong to the machine they were taken on.
"""
