"""From the log to clients: what waits for each, in which order, written once for all who stand at the same place."""
