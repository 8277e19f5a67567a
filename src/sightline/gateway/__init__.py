"""The gateway: users, policy, the alert log, delivery, REST and the console. Runs no vision code.

`app.create_app` assembles it from a `Store`, an `Analyst` and settings; one router a resource, one module a dialect of
the protocol, and one `Hub` where what engines report and what clients wait for meet.
"""
