"""The engine's end of the connection to its gateways, and of its lease."""
