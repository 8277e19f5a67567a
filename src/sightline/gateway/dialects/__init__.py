"""Connections of clients, one module for each dialect they speak, and what all of them pass first."""
