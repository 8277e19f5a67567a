"""Adapters for what leaves the gateway on its own account: web push, webhooks, and whatever Apprise reaches.

Invariants: a target's address is checked against the policy when the connection is made, not before; no redirect is
followed and no proxy of the environment is used; nothing here raises for what the other side does, it says what came
of it (`Attempt`); no address, key or secret is ever logged or repeated in a problem.
"""
