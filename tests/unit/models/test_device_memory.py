"""Memory of the device, from what the kernel, the container and NVIDIA's program say."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from sightline.events.engine_link import DeviceMemory
from sightline.models import device_memory
from sightline.models.runtime import Device

MEMINFO = "MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    600 kB\nHugePages_Total:   0\n"
SMI = "0, GPU-aaa, NVIDIA H100, 1024, 81559\n1, GPU-bbb, NVIDIA H100, [N/A], 81559\n"


def folder(path: Path, **files: str) -> Path:
    path.mkdir(exist_ok=True)
    for name, text in files.items():
        (path / name.replace("_", ".") if name.startswith("memory_") else path / name).write_text(text)
    return path


def test_what_the_kernel_could_give_back_counts_as_free(tmp_path: Path) -> None:
    found = device_memory.machine_memory(folder(tmp_path / "proc", meminfo=MEMINFO), tmp_path / "none")
    assert found == DeviceMemory(name="machine", used_bytes=400 * 1024, total_bytes=1000 * 1024)
    assert found.share == 0.4
    assert device_memory.machine_memory(tmp_path, tmp_path) is None
    assert device_memory.machine_memory(folder(tmp_path / "odd", meminfo="MemTotal: many kB\n"), tmp_path) is None


def test_the_limit_of_a_container_counts_where_it_is_nearer(tmp_path: Path) -> None:
    proc = folder(tmp_path / "proc", meminfo=MEMINFO)
    for name, limit, used, expected in (
        ("near", "204800", "180000", "container"),
        ("far", "1024000", "200000", "machine"),
        ("no", "max", "1", "machine"),
    ):
        cgroup = folder(
            tmp_path / name, memory_max=limit, memory_current=used, memory_stat="anon 5\ninactive_file 10000\n"
        )
        found = device_memory.machine_memory(proc, cgroup)
        assert found is not None and found.name == expected, name
        if expected == "container":
            assert (found.used_bytes, found.total_bytes) == (170_000, 204_800)


def test_this_machine_and_this_process_can_be_read() -> None:
    found = device_memory.read_memory(Device.CPU)
    assert found is not None and 0 < found.share < 1
    assert 2**20 < device_memory.resident_bytes() < found.total_bytes
    assert device_memory.resident_bytes(Path("/nowhere")) == 0


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An `nvidia-smi` of the test's own, and no library."""
    path = tmp_path / "nvidia-smi"
    path.write_text(f"#!/bin/sh\nprintf '{SMI}'\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setitem(sys.modules, "pynvml", None)  # forbids the import
    return path


@pytest.mark.parametrize(("visible", "used"), [(None, 1024), ("0,1", 1024), ("GPU-a", 1024), ("1", None), ("7", None)])
def test_the_first_gpu_that_is_seen_counts(
    program: Path, monkeypatch: pytest.MonkeyPatch, visible: str | None, used: int | None
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    found = device_memory.gpu_memory()
    if used is None:
        assert found is None
        assert (device_memory.read_memory(Device.CUDA) or DeviceMemory(name="", used_bytes=0, total_bytes=0)).name in (
            "machine", "container",
        )  # fmt: skip
    else:
        assert found == DeviceMemory(name="NVIDIA H100", used_bytes=used * 2**20, total_bytes=81559 * 2**20)
        assert device_memory.read_memory(Device.TENSORRT) == found


def test_a_program_that_fails_says_nothing(program: Path) -> None:
    program.write_text("#!/bin/sh\nexit 9\n")
    assert device_memory.gpu_memory() is None
