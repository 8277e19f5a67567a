"""In a process of its own: what is set here is the whole interpreter's."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import gc, weakref
from sightline.service import interpreter

class Ring:
    def __init__(self):
        self.me = self

interpreter.tune()
assert gc.isenabled() and gc.get_threshold() == interpreter.COLLECT_AFTER
interpreter.put_aside()
assert gc.get_freeze_count() > 10_000 > len(gc.get_objects())
later = weakref.ref(Ring())
gc.collect()
assert later() is None, "what comes afterwards is collected as before"
"""


def test_what_was_made_at_the_start_is_put_aside_and_nothing_else() -> None:
    subprocess.run([sys.executable, "-c", PROGRAM], check=True)
