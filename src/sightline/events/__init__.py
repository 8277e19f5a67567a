"""Facts, events, alerts and the messages that carry them.

An engine reports a *fact*; a gateway decides and records an *event* (immutable) and perhaps an *alert* (addressed to
people, with a life cycle); every change of an alert is one *entry* of the alert log. Everything here is a value or a
pure function.
"""
