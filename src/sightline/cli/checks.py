"""What `sightline doctor` looks at. A check returns what it found; none of them changes anything."""

from __future__ import annotations

import enum
import importlib
import importlib.metadata
import os
import platform
import re
import shutil
import socket
import sqlite3
import stat
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sightline.client.answers import EngineView, PipelinesInfo, SystemInfo
from sightline.settings import Settings

__all__ = [
    "Finding",
    "Level",
    "check_clock",
    "check_console",
    "check_database",
    "check_disk",
    "check_engines",
    "check_keys",
    "check_models",
    "check_packages",
    "check_port",
    "check_python",
    "check_server",
]

OLDEST_PYTHON = (3, 11)
DISK_FULL_BYTES = 200 * 10**6
DISK_LOW_BYTES = 2 * 10**9
SKEW_MS = 2_000
NATIVE_MODULES = ("av", "cv2", "cryptography.hazmat.bindings._rust", "numpy", "onnxruntime", "simplejpeg")
RELEASE_YEAR = 2026
"""A clock that stands before it was never set."""


class Level(enum.StrEnum):
    """How bad it is. `FAIL`: something will not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `mend` says what to do about it."""

    subject: str
    level: Level
    message: str
    mend: str = ""


def check_python() -> Finding:
    """The interpreter's version."""
    running = platform.python_version()
    if tuple(int(part) for part in platform.python_version_tuple()[:2]) >= OLDEST_PYTHON:
        return Finding("Python", Level.OK, running)
    oldest = ".".join(map(str, OLDEST_PYTHON))
    return Finding("Python", Level.FAIL, f"{running} is too old", f"install Python {oldest} or newer")


def check_packages() -> Finding:
    """Every package that Sightline needs is installed, and those with native code load."""
    problems = [*_missing_packages(), *_unloadable(NATIVE_MODULES)]
    if problems:
        return Finding("packages", Level.FAIL, "; ".join(problems), "install Sightline anew")
    return Finding("packages", Level.OK, f"all installed, sightline {importlib.metadata.version('sightline')}")


def check_disk(settings: Settings) -> Finding:
    """The home folder can be written, and there is room."""
    existing = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    room = f"{settings.home}, {free / 1e9:.1f} GB free"
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return Finding("home", Level.FAIL, f"{settings.home} cannot be written", "choose another: --home FOLDER")
    if free < DISK_FULL_BYTES:
        return Finding("home", Level.FAIL, room, "make room: alerts and their pictures cannot be stored")
    if free < DISK_LOW_BYTES:
        return Finding("home", Level.WARN, room, "make room, or lower `retention_days` and `spool_limit_mb`")
    return Finding("home", Level.OK, room)


def check_keys(settings: Settings) -> Finding:
    """The master key, without which nothing stored can be read, is private."""
    key = settings.home / "keys" / "master.key"
    if not key.exists():
        if (settings.home / "sightline.db").exists():
            return Finding("master key", Level.FAIL, f"{key} is gone", "put it back: without it all faces are lost")
        return Finding("master key", Level.OK, "will be made at the first start")
    if stat.S_IMODE(key.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
        return Finding("master key", Level.WARN, f"{key} can be read by other users", f"chmod 600 {key}")
    return Finding("master key", Level.OK, f"{key}; keep a copy apart from the backups")


def check_models(settings: Settings) -> Finding:
    """Every model file of the embedded tier is here, and whatever is here has the right hash."""
    from sightline.models.manifest import MANIFEST, Tier
    from sightline.models.store import ModelStatus, ModelStore

    store = ModelStore(settings.models_folder)
    states = {entry: store.verify(entry) for entry in (*MANIFEST, *store.added())}
    bad = [
        entry
        for entry, state in states.items()
        if state is ModelStatus.DAMAGED or (state is ModelStatus.MISSING and entry.tier is Tier.EMBEDDED)
    ]
    if bad:
        usual = all(entry.tier is Tier.EMBEDDED for entry in bad)
        mend = "sightline models pull" if usual else f"sightline models pull {' '.join(entry.name for entry in bad)}"
        if any(entry.tier is Tier.OWN for entry in bad):
            mend = "sightline models list; add your own files again"
        return Finding("models", Level.FAIL, "; ".join(f"{entry.name} is {states[entry].value}" for entry in bad), mend)
    here = sum(state is ModelStatus.PRESENT for state in states.values())
    return Finding("models", Level.OK, f"{here} files, hashes as they should be")


def check_database(settings: Settings) -> Finding:
    """The database is whole and of this program's version."""
    if settings.database_url is not None:
        return Finding("database", Level.OK, "a server of its own (`database_url`), not looked at")
    file = settings.home / "sightline.db"
    if not file.exists():
        return Finding("database", Level.OK, "will be made at the first start")
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=5)) as database:
            (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
            revision = database.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        return Finding("database", Level.FAIL, f"{file} cannot be read: {error}", "restore a backup of the home folder")
    if verdict != "ok":
        return Finding("database", Level.FAIL, f"{file} is damaged: {verdict}", "restore a backup of the home folder")
    return _check_revision(revision[0] if revision else None)


def check_console() -> Finding:
    """The console's files are in the package."""
    from sightline.gateway.web.console import console_folder

    if (console_folder() / "index.html").is_file():
        return Finding("console", Level.OK, "built")
    return Finding("console", Level.WARN, "not built: the server answers, but shows no pages", "make console")


def check_clock(settings: Settings) -> Finding:
    """The machine's clock was set, and in which zone it is read."""
    now = datetime.now().astimezone()
    zone = settings.timezone or now.tzname() or "unknown"
    if now.year < RELEASE_YEAR:
        return Finding("clock", Level.FAIL, f"{now:%Y-%m-%d %H:%M} is in the past", "set the clock: timedatectl")
    return Finding("clock", Level.OK, f"{now:%Y-%m-%d %H:%M:%S}, time zone {zone}")


def check_port(settings: Settings) -> Finding:
    """Nothing else listens where the server would."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            where = f"{settings.host}:{settings.port}"
            message = f"cannot listen on {where}: {error.strerror}"
            return Finding("port", Level.WARN, message, "stop what listens there, or choose another: --port")
    return Finding("port", Level.OK, f"{settings.host}:{settings.port} is free")


def check_server(url: str, system: SystemInfo) -> Iterator[Finding]:
    """What a running server says of itself and its engine."""
    yield Finding("server", Level.OK, f"runs at {url}, version {system.version}")
    engine = system.engine
    if engine.state == "connected":
        yield Finding("engine", Level.OK, f"connected, restarted {engine.restarts} times")
    else:
        level = Level.WARN if engine.state == "starting" else Level.FAIL
        said = f": {engine.reason}" if engine.reason else ""
        yield Finding("engine", level, f"{engine.state}{said}", "read the server's log; sightline models verify")
    for warning in engine.warnings:
        yield Finding("engine", Level.WARN, warning, "see the system page of the console")
    if system.pipelines is not None:
        yield from _check_pipelines(system.pipelines)


def _check_pipelines(pipelines: PipelinesInfo) -> Iterator[Finding]:
    used = f"{pipelines.connected} of {pipelines.capacity} connected, {len(pipelines.engines)} engines"
    if pipelines.gpus_full and len(pipelines.engines) < pipelines.max_pipelines:
        mend = "free memory, or raise gpu_mem_threshold: no further engine is started meanwhile"
        yield Finding("workstations", Level.WARN, f"{used}; memory is short", mend)
    elif pipelines.system_full:
        yield Finding("workstations", Level.WARN, f"{used}: the next is refused", "raise max_pipelines")
    else:
        yield Finding("workstations", Level.OK, used)
    if pipelines.signals == "away":
        yield Finding("signals", Level.WARN, "Redis does not answer", "see redis_url; everything else goes on")


def check_engines(engines: Iterable[EngineView]) -> Iterator[Finding]:
    """What a running server knows of engines that others start, and of models that are missing anywhere."""
    for engine in engines:
        subject = f"engine {engine.engine_id}"
        where = engine.host or "its machine"
        if engine.state == "connected":
            if engine.missing_models:
                missing = ", ".join(engine.missing_models)
                mend = f"{'here' if engine.is_local else f'on {where}'}: sightline models pull"
                yield Finding(subject, Level.FAIL, f"has no model: {missing}", mend)
            if engine.clock_offset_ms is not None and abs(engine.clock_offset_ms) >= SKEW_MS:
                off_s = abs(engine.clock_offset_ms) / 1000
                said = f"its clock is {off_s:.1f} s {'behind' if engine.clock_offset_ms > 0 else 'ahead'}"
                yield Finding(subject, Level.WARN, said, f"set the clock of {where}: timedatectl")
        if engine.is_local:
            continue
        if engine.state == "connected":
            load = f", load {engine.load:.0%}" if engine.load is not None else ""
            found = f"connected from {where}, {engine.cameras} of {engine.capacity} cameras{load}"
            yield Finding(subject, Level.OK, found)
            for warning in engine.warnings:
                yield Finding(subject, Level.WARN, warning, "see the system page of the console")
        else:
            mend = f"look at its log; if it is gone for good: sightline tokens revoke {engine.engine_id} --for engine"
            yield Finding(subject, Level.WARN, "has a token and is not connected", mend)


def _missing_packages() -> Iterator[str]:
    for requirement in importlib.metadata.requires("sightline") or ():
        specifier, _, marker = requirement.partition(";")
        match = re.match(r"[\w.-]+", specifier)
        if match is None or "extra ==" in marker:
            continue
        try:
            importlib.metadata.version(match[0])
        except importlib.metadata.PackageNotFoundError:
            yield f"{match[0]} is not installed"


def _unloadable(modules: Iterable[str]) -> Iterator[str]:
    for name in modules:
        try:
            importlib.import_module(name)
        except ImportError as error:
            yield f"{name} does not load ({error})"


def _check_revision(revision: str | None) -> Finding:
    from alembic.script import ScriptDirectory

    from sightline.stores import migrations

    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    if revision == script.get_current_head():
        return Finding("database", Level.OK, "whole, and of this version")
    if revision is not None and revision not in {known.revision for known in script.walk_revisions()}:
        return Finding("database", Level.FAIL, "written by a newer Sightline", "update Sightline")
    return Finding("database", Level.OK, "whole; its tables will be brought up to date at the next start")
