"""One process that reads cameras, recognises who passes them, and tells a gateway.

Invariants: it knows no user, no database and no alert policy. Observations are disposable: the newest replaces the
older everywhere. Facts are not: from the moment of decision each is on the way to the disk, and only a gateway's
acceptance removes it. Every buffer here has a bound and says what goes first. Adapters (sources, models) come in
through the protocols `OpenSource`, `StillAnalyser` and `FrameAnalysis`.

Life cycle: open the spool → link (for ever anew) → cameras as the gateway assigns them → until told to stop, or until
the parent process is gone.
"""
