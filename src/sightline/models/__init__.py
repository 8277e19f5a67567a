"""Model files: what they are, where they come from, and the one runtime that runs them.

A file passes: fetched from its source → SHA-256 of the source compared with the manifest → converted to what
we run → written in one step beside a record of its own SHA-256 → compared with that record before every load.
A file that fails a comparison is neither written nor loaded.
"""
