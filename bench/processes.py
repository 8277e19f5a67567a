"""Processes under measurement, through /proc: their children, their CPU time, the cores they may use. Linux only."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["core_busy_seconds", "cores", "cpu_seconds", "descendants", "pin"]

_PROC = Path("/proc")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_UTIME = 11
"""Index of user time among the fields of /proc/PID/stat that follow the command's name (proc(5))."""
_PARENT = 1
_IDLE = slice(3, 5)
"""Idle time and waiting for disks among the times of a core in /proc/stat."""
_WITHOUT_GUESTS = slice(0, 8)
"""Time of guests is counted as user time already."""


def cores() -> tuple[int, int]:
    """A core for what is measured and one for everything else; the same one when there is no other."""
    available = sorted(os.sched_getaffinity(0))
    return available[0], available[-1]


def descendants(pid: int) -> list[int]:
    """Children of the process, their children and so on, oldest first."""
    parents: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and (fields := _fields(entry / "stat")):
            parents.setdefault(int(fields[_PARENT]), []).append(int(entry.name))
    found: list[int] = []
    wave = [pid]
    while wave:
        wave = sorted(child for parent in wave for child in parents.get(parent, []))
        found += wave
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of the process with all its threads so far. Raises `ProcessLookupError`."""
    fields = _fields(_PROC / str(pid) / "stat")
    if not fields:
        raise ProcessLookupError(pid)
    return (int(fields[_UTIME]) + int(fields[_UTIME + 1])) / _TICKS_PER_S


def core_busy_seconds(core: int) -> float:
    """How long the core was in use since the machine started, by whomever."""
    for line in (_PROC / "stat").read_text().splitlines():
        name, *times = line.split()
        if name == f"cpu{core}":
            ticks = [int(time) for time in times[_WITHOUT_GUESTS]]
            return (sum(ticks) - sum(ticks[_IDLE])) / _TICKS_PER_S
    raise ValueError(f"there is no core {core}")


def pin(pid: int, core: int) -> None:
    """Confines every present thread of the process to one core; threads started later inherit it."""
    for task in (_PROC / str(pid) / "task").iterdir():
        try:
            os.sched_setaffinity(int(task.name), {core})
        except ProcessLookupError:
            continue  # the thread has ended meanwhile


def _fields(stat: Path) -> list[str]:
    """The fields after the command's name, which may itself hold spaces; none when the process is gone."""
    try:
        return stat.read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
