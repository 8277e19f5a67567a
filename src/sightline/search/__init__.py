"""Exact search over very many templates, with faiss. Knows nothing of where they come from.

The library is loaded only in the process that searches: it starts threads of its own and takes a tenth of a second.
"""
