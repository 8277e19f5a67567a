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


CHURN = """
import random
import weakref

from sightline.service import interpreter

CONNECTED, COMING_AND_GOING, OBJECTS = 1_000, 12_000, 136


class Connection:
    def __init__(self):
        self.parts = [[self] for _ in range(OBJECTS)]
        known.add(self)


known = weakref.WeakSet()
interpreter.tune()
interpreter.put_aside()
connected = [Connection() for _ in range(CONNECTED)]
most = 0
for number in range(COMING_AND_GOING):
    connected[random.randrange(CONNECTED)] = Connection()
    if number % 100 == 0:
        most = max(most, len(known) - CONNECTED)
print(most)
"""


def test_what_was_made_at_the_start_is_put_aside_and_nothing_else() -> None:
    subprocess.run([sys.executable, "-c", PROGRAM], check=True)


def test_connections_that_ended_do_not_pile_up() -> None:
    """They had grown old, so that a look at young objects does not find them."""
    ended = subprocess.run([sys.executable, "-c", CHURN], check=True, capture_output=True, text=True, timeout=60)
    assert int(ended.stdout) < 3_000
