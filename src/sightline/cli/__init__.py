"""The `sightline` command.

One module a group of commands. Data commands go through `session`: they know the server's interface and nothing else.
Exit codes: 0 done, 1 not done, 2 asked wrongly (unknown flag, setting that does not fit).
"""

from __future__ import annotations

from sightline.cli.application import app, main

__all__ = ["app", "main"]
