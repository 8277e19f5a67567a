from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sightline.cli import app
from sightline.exceptions import StoreError


def said(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["db", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_database_is_made_backed_up_and_brought_back(tmp_path: Path) -> None:
    home, file = str(tmp_path / "home"), str(tmp_path / "backup.tar")
    assert "from nothing to v" in said("upgrade", "--home", home)
    assert "up to date" in said("upgrade", "--home", home)
    assert "keep the folder `keys`" in said("backup", file, "--home", home)
    keys = tmp_path / "home" / "keys"
    keys.mkdir()
    (keys / "master.key").write_bytes(bytes(32))
    with pytest.raises(StoreError, match="--replace"):
        said("restore", file, "--home", home)
    assert "erase again whom you erased" in said("restore", file, "--replace", "--home", home)
