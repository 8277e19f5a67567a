"""Builds the console into the package, so that a wheel serves it without Node on the machine that installs it.

An editable install goes without: `make console` builds it in place. A source distribution carries the built console.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NOT_SOURCES = frozenset({"node_modules", "dist"})


class ConsoleHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs `npm ci` and `npm run build` in `web` when the built console is missing or older than its sources."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """`version` is `editable` for an editable install."""
        if version == "editable":
            return
        root = Path(self.root)
        page = root / "src" / "sightline" / "console" / "index.html"
        if _is_fresh(page, root / "web"):
            return
        npm = shutil.which("npm")
        if npm is None and page.exists():
            self.app.display_warning("npm is not here: the console is packed as it was built before")
            return
        if npm is None:
            raise RuntimeError("the console has to be built, which needs Node 20.19 or newer with npm; neither is here")
        for arguments in (["ci"], ["run", "build"]):
            subprocess.run([npm, *arguments], cwd=root / "web", check=True)
        if not page.exists():
            raise RuntimeError(f"the build of the console left no {page}")


def _is_fresh(page: Path, sources: Path) -> bool:
    if not page.exists():
        return False
    newest_s = max((path.stat().st_mtime for path in _files(sources)), default=0.0)
    return page.stat().st_mtime >= newest_s


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in NOT_SOURCES]
        yield from (Path(parent) / name for name in files)
