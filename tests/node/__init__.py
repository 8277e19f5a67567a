"""Clients in Node that tests drive. Their packages are installed from the lockfile."""
