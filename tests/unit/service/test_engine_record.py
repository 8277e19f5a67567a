from __future__ import annotations

import os
from pathlib import Path

from sightline.engine.spooling.spool_disk import SpoolDisk
from sightline.engine.standing import Standing
from sightline.service.engine_record import SPOOL_FOLDER, EngineRecord, running_engine, write_record

STANDING = Standing("https://gateway.example", "", 2, 0.5, 0, [])


def test_an_engine_is_known_for_as_long_as_it_holds_its_spool(tmp_path: Path) -> None:
    assert running_engine(tmp_path) is None
    spool = SpoolDisk(tmp_path / SPOOL_FOLDER)
    assert running_engine(tmp_path) is None, "it has said nothing yet"
    write_record(tmp_path, STANDING, 5)
    assert running_engine(tmp_path) == EngineRecord(os.getpid(), 5, STANDING)
    (tmp_path / "run" / "engine.json").write_text("{")
    assert running_engine(tmp_path) is None
    write_record(tmp_path, STANDING, 6)
    spool.close()
    assert running_engine(tmp_path) is None
