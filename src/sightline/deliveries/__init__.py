"""Delivery of log entries to clients: audience, cursors, sessions.

Invariants: entries are sent in offset order; a client that was told `position {from, to}` has been sent everything
addressed to it in (from, to]; a device's stored cursor moves only on `received`, never backwards within an epoch.
"""
