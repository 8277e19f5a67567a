from __future__ import annotations

import io
import subprocess
import sys

import pytest

from sightline.engine.process import read_token

ENGINE = """
import threading
from sightline.engine.process import run_engine

class Engine:
    async def run(self, stop):
        if {waits}:
            threading.Thread(target=threading.Event().wait, daemon=True).start()
        if {fails}:
            raise RuntimeError("no more")

run_engine(Engine, supervised=False)
print("returned")
"""


def test_the_token_is_the_first_line() -> None:
    stream = io.BytesIO(b"token-1\nhttp://127.0.0.1:8000\n")
    assert read_token(stream) == "token-1"
    assert read_token(stream) == "http://127.0.0.1:8000"
    assert read_token(stream) == ""


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("waits", [False, True])
def test_the_interpreter_does_not_end_under_a_thread_that_waits(waits: bool, fails: bool) -> None:
    program = ENGINE.format(waits=waits, fails=fails)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == int(fails)
    assert ("returned" in ended.stdout) == (not waits and not fails)
    assert ("no more" in ended.stdout + ended.stderr) == fails
