"""What the benchmark reads from /proc, on real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from bench import processes

BUSY = """
import time
while time.process_time() < 0.3: pass
print("ready", flush=True)
input()
"""


@pytest.fixture
def busy() -> Iterator[subprocess.Popen[bytes]]:
    """A child that has used 0.3 s of CPU and now waits."""
    with subprocess.Popen(
        [sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        yield child
        child.communicate(b"\n")


def test_descendants_are_found(busy: subprocess.Popen[bytes]) -> None:
    assert busy.pid in processes.descendants(os.getpid())
    assert processes.descendants(busy.pid) == []


def test_cpu_time_is_that_of_the_process(busy: subprocess.Popen[bytes]) -> None:
    assert 0.25 <= processes.cpu_seconds(busy.pid) < 5.0


def test_a_core_was_busy_at_least_as_long_as_what_ran_on_it() -> None:
    core, _ = processes.cores()
    before_s = processes.core_busy_seconds(core)
    with subprocess.Popen([sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        processes.pin(child.pid, core)
        assert child.stdout is not None
        child.stdout.readline()
        spent_s = processes.cpu_seconds(child.pid)
        assert processes.core_busy_seconds(core) - before_s >= spent_s / 2
        child.communicate(b"\n")


def test_a_core_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match="no core 9999"):
        processes.core_busy_seconds(9999)


def test_a_process_that_is_gone_has_no_cpu_time() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    with pytest.raises(ProcessLookupError):
        processes.cpu_seconds(child.pid)


def test_pinned_to_one_core(busy: subprocess.Popen[bytes]) -> None:
    core, _ = processes.cores()
    processes.pin(busy.pid, core)
    assert os.sched_getaffinity(busy.pid) == {core}
