"""How much memory the device has that models compute with: a GPU's where engines use one, or else the machine's.

NVIDIA's figures come from its own library (package `nvidia-ml-py`, where it is installed), or else from the program
`nvidia-smi` that comes with the driver. Of the machine's memory, what the kernel could give back at once counts as
free (`MemAvailable`, proc(5)); in a container, the container's own limit counts where it is nearer (cgroup v2).
"""

from __future__ import annotations

import importlib
import os
import subprocess
from pathlib import Path

from sightline.events.engine_link import DeviceMemory
from sightline.models.runtime import Device

__all__ = ["gpu_memory", "machine_memory", "read_memory", "resident_bytes"]

PROGRAM = ("nvidia-smi", "--query-gpu=index,uuid,name,memory.used,memory.total", "--format=csv,noheader,nounits")
PROGRAM_TIMEOUT_S = 5.0
MIB = 2**20
_GPU_DEVICES = (Device.CUDA, Device.TENSORRT)


def read_memory(device: Device) -> DeviceMemory | None:
    """Of the GPU that models run on where `device` is one and there is one; else the machine's; `None` where neither
    can be read. May take as long as `nvidia-smi` does: not for an event loop.
    """
    return (gpu_memory() if device in _GPU_DEVICES else None) or machine_memory()


def gpu_memory() -> DeviceMemory | None:
    """Of the first GPU that this process sees; ONNX Runtime uses that one."""
    wanted = os.environ.get("CUDA_VISIBLE_DEVICES", "0").partition(",")[0].strip() or "0"
    return _by_library(wanted) or _by_program(wanted)


def machine_memory(proc: Path = Path("/proc"), cgroup: Path = Path("/sys/fs/cgroup")) -> DeviceMemory | None:
    """Of this machine, or of the container that this process is in."""
    try:
        lines = (proc / "meminfo").read_text().splitlines()
        kib = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
        total, free = kib["MemTotal"] * 1024, kib["MemAvailable"] * 1024
    except (OSError, KeyError, ValueError, IndexError):
        return None
    machine = DeviceMemory(name="machine", used_bytes=total - free, total_bytes=total)
    container = _container_memory(cgroup)
    return container if container is not None and container.share > machine.share else machine


def resident_bytes(proc: Path = Path("/proc/self")) -> int:
    """What this process has of the machine's memory; 0 where that cannot be read."""
    try:
        return int((proc / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _container_memory(cgroup: Path) -> DeviceMemory | None:
    """Without the page cache that can be dropped. `None` where there is no limit."""
    try:
        limit, used = int((cgroup / "memory.max").read_text()), int((cgroup / "memory.current").read_text())
        stat = dict(line.split() for line in (cgroup / "memory.stat").read_text().splitlines())
        used -= int(stat.get("inactive_file", 0))
    except (OSError, ValueError):  # no cgroup v2, or the limit is the word "max"
        return None
    return DeviceMemory(name="container", used_bytes=max(0, used), total_bytes=limit)


def _by_library(wanted: str) -> DeviceMemory | None:
    try:
        nvml = importlib.import_module("pynvml")
    except ImportError:
        return None
    try:
        nvml.nvmlInit()
        by_index = wanted.isdecimal()
        handle = nvml.nvmlDeviceGetHandleByIndex(int(wanted)) if by_index else nvml.nvmlDeviceGetHandleByUUID(wanted)
        memory, name = nvml.nvmlDeviceGetMemoryInfo(handle), nvml.nvmlDeviceGetName(handle)
    except nvml.NVMLError:  # no driver, or no such GPU
        return None
    words = name.decode() if isinstance(name, bytes) else str(name)
    return DeviceMemory(name=words, used_bytes=int(memory.used), total_bytes=int(memory.total))


def _by_program(wanted: str) -> DeviceMemory | None:
    try:
        said = subprocess.run(PROGRAM, capture_output=True, text=True, timeout=PROGRAM_TIMEOUT_S, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    for line in said.splitlines():
        fields = [field.strip() for field in line.split(",")]
        if len(fields) == 5 and (wanted == fields[0] or fields[1].startswith(wanted)):
            name, used, total = fields[2:]
            if used.isdecimal() and total.isdecimal():
                return DeviceMemory(name=name, used_bytes=int(used) * MIB, total_bytes=int(total) * MIB)
    return None
