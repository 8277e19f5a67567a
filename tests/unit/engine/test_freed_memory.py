"""In a process of its own: what other tests have freed would go back as well."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import asyncio
import contextlib
import ctypes
import os
from pathlib import Path

from sightline.engine.freed_memory import keep_giving_back

BLOCK_BYTES, BLOCKS = 60_000, 1_000


def resident_mib():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


async def main():
    blocks = [ctypes.create_string_buffer(b"x" * (BLOCK_BYTES - 1)) for _ in range(BLOCKS)]
    del blocks[:-1]  # the last one lies above all others: what is below it stays
    before = resident_mib()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.5):
            await keep_giving_back(0.1)
    print(before - resident_mib())


asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux says about a process")
def test_what_was_freed_is_the_machine_s_again() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True, timeout=60)
    assert float(ended.stdout) > 40
