"""What doctor finds, on real files, ports and databases."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from sightline.cli import checks
from sightline.cli.checks import Finding, Level
from sightline.client.answers import EngineInfo, EngineView, PipelineInfo, PipelinesInfo, SystemInfo
from sightline.models.manifest import ModelTask
from sightline.models.store import ModelStore
from sightline.settings import Settings
from sightline.stores.migrations import upgrade


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database as a first start leaves it, with some content."""
    path = tmp_path / "sightline.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        upgrade(connection, now_ms=0)
        connection.execute(text("CREATE TABLE ballast AS SELECT hex(randomblob(4000)) AS words FROM sqlite_master"))
        connection.execute(text("CREATE INDEX ballast_by_words ON ballast (words)"))
    engine.dispose()
    return path


def revise(database: Path, change: str) -> None:
    engine = create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        connection.execute(text(change))
    engine.dispose()


def test_this_python_and_its_packages_are_good() -> None:
    assert checks.check_python().level is Level.OK
    assert checks.check_packages().level is Level.OK


def test_an_older_python_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks.platform, "python_version_tuple", lambda: ("3", "10", "9"))
    assert checks.check_python().level is Level.FAIL


def test_missing_and_broken_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = ["no-such-package>=1", "of-an-extra; extra == 'test'"]
    monkeypatch.setattr(checks.importlib.metadata, "requires", lambda _name: needed)
    monkeypatch.setattr(checks, "NATIVE_MODULES", ("no_such_module",))
    finding = checks.check_packages()
    assert finding.level is Level.FAIL
    assert finding.message.startswith("no-such-package is not installed; no_such_module does not load")


@pytest.mark.parametrize(("free", "level"), [(10**8, Level.FAIL), (10**9, Level.WARN), (10**11, Level.OK)])
def test_a_full_disk_is_told_before_it_hurts(
    settings: Settings, free: int, level: Level, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = checks.shutil.disk_usage(settings.home)
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda _path: usage._replace(free=free))
    assert checks.check_disk(settings).level is level


def test_a_home_that_cannot_be_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert checks.check_disk(Settings(home=file)).level is Level.FAIL
    assert checks.check_disk(Settings(home=file / "deeper")).level is Level.FAIL


def test_the_master_key_is_private_and_there(settings: Settings, database: Path) -> None:
    assert checks.check_keys(settings).level is Level.FAIL  # a database, and no key to it
    key = settings.home / "keys" / "master.key"
    key.parent.mkdir()
    key.touch(0o644)
    key.chmod(0o644)
    assert checks.check_keys(settings) == Finding(
        "master key", Level.WARN, f"{key} can be read by other users", f"chmod 600 {key}"
    )
    key.chmod(0o600)
    assert checks.check_keys(settings).level is Level.OK


def test_a_new_home_needs_no_mending(settings: Settings) -> None:
    assert checks.check_keys(settings).level is Level.OK
    assert checks.check_database(settings).level is Level.OK


def test_a_whole_database_of_this_version_is_good(settings: Settings, database: Path) -> None:
    assert checks.check_database(settings) == Finding("database", Level.OK, "whole, and of this version")
    revise(database, "DELETE FROM alembic_version")
    assert "brought up to date" in checks.check_database(settings).message


def test_a_database_of_a_newer_version_is_told(settings: Settings, database: Path) -> None:
    revise(database, "UPDATE alembic_version SET version_num = 'v9999'")
    finding = checks.check_database(settings)
    assert (finding.level, finding.mend) == (Level.FAIL, "update Sightline")


@pytest.mark.parametrize("damage", ["middle", "start"])
def test_a_damaged_database_is_told(settings: Settings, database: Path, damage: str) -> None:
    content = bytearray(database.read_bytes())
    where = slice(0, 64) if damage == "start" else slice(len(content) // 2, len(content) // 2 + 8192)
    content[where] = b"\xaa" * len(content[where])
    database.write_bytes(content)
    finding = checks.check_database(settings)
    assert finding.level is Level.FAIL
    assert "backup" in finding.mend


def test_looking_changes_nothing(settings: Settings, database: Path) -> None:
    before = database.read_bytes(), sorted(settings.home.iterdir())
    checks.check_database(settings)
    checks.check_disk(settings)
    checks.check_keys(settings)
    checks.check_models(settings)
    assert (database.read_bytes(), sorted(settings.home.iterdir())) == before


@pytest.fixture
def with_models(settings: Settings, models_home: Path) -> ModelStore:
    settings.models_folder.mkdir()
    for file in (models_home / "models").iterdir():
        (settings.models_folder / file.name).symlink_to(file)
    return ModelStore(settings.models_folder)


def test_models_of_other_tiers_may_be_missing(settings: Settings, with_models: ModelStore) -> None:
    assert checks.check_models(settings).level is Level.OK


def test_a_damaged_model_of_any_tier_is_told_with_how_to_mend_it(settings: Settings, with_models: ModelStore) -> None:
    added = with_models.add(b"network", name="mine", task=ModelTask.LIVENESS, licence="MIT")
    assert checks.check_models(settings).message.startswith("5 files")
    with_models.path(added).write_bytes(b"another")
    finding = checks.check_models(settings)
    assert (finding.level, finding.message) == (Level.FAIL, "mine is damaged")
    assert "add your own files again" in finding.mend


def test_a_taken_port_is_told(settings: Settings, free_port: int) -> None:
    chosen = settings.model_copy(update={"port": free_port})
    assert checks.check_port(chosen).level is Level.OK
    with socket.socket() as other:
        other.bind(("127.0.0.1", free_port))
        other.listen()
        assert checks.check_port(chosen).level is Level.WARN


@pytest.mark.parametrize(
    ("state", "level"), [("connected", Level.OK), ("starting", Level.WARN), ("down", Level.FAIL)]
)
def test_the_engine_of_a_running_server_is_told(state: str, level: Level) -> None:
    engine = EngineInfo(state=state, reason="it crashed", warnings=("spool full: 3 pictures were dropped",))
    server, said, warning = checks.check_server(
        "http://127.0.0.1:8000", SystemInfo(version="0.1.0", started_at=0, engine=engine)
    )
    assert server.level is Level.OK
    assert said.level is level
    assert warning == Finding("engine", Level.WARN, "spool full: 3 pictures were dropped", warning.mend)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, [("workstations", Level.OK)]),
        ({"gpus_full": True}, [("workstations", Level.WARN)]),
        ({"gpus_full": True, "max_pipelines": 1}, [("workstations", Level.OK)]),
        ({"system_full": True, "signals": "redis"}, [("workstations", Level.WARN)]),
        ({"signals": "away"}, [("workstations", Level.OK), ("signals", Level.WARN)]),
    ],
)
def test_a_running_server_says_how_its_workstations_are(
    said: dict[str, Any], expected: list[tuple[str, Level]]
) -> None:
    values: dict[str, Any] = {
        "max_pipelines": 5, "capacity": 150, "connected": 7, "system_full": False, "gpus_full": False,
        "engines": (PipelineInfo(engine_id="local", state="connected"),),
    }  # fmt: skip
    system = SystemInfo(
        version="1", started_at=0, engine=EngineInfo(state="connected"), pipelines=PipelinesInfo(**(values | said))
    )
    _, _, *found = checks.check_server("http://127.0.0.1:8000", system)
    assert [(one.subject, one.level) for one in found] == expected


def test_engines_elsewhere_are_looked_at() -> None:
    here = EngineView(engine_id="local", state="connected", is_local=True, warnings=("told of elsewhere",))
    yard = EngineView(
        engine_id="yard", state="connected", is_local=False, host="yard-pc", cameras=3, capacity=8, load=0.5,
        clock_offset_ms=95_000, missing_models=("face-embedder",), warnings=("spool full",),
    )  # fmt: skip
    hall = EngineView(engine_id="hall", state="away", is_local=False)
    findings = list(checks.check_engines([here, yard, hall]))
    assert [(one.subject, one.level) for one in findings] == [
        ("engine yard", Level.FAIL), ("engine yard", Level.WARN), ("engine yard", Level.OK),
        ("engine yard", Level.WARN), ("engine hall", Level.WARN),
    ]  # fmt: skip
    assert "face-embedder" in findings[0].message and "on yard-pc: sightline models pull" in findings[0].mend
    assert findings[1].message == "its clock is 95.0 s behind"
    assert findings[2].message == "connected from yard-pc, 3 of 8 cameras, load 50%"
    assert "tokens revoke hall" in findings[4].mend
