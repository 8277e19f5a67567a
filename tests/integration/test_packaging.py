"""What `pip install .` gives: one wheel that needs neither Node nor this repository."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

import sightline

REPOSITORY = Path(__file__).resolve().parent.parent.parent
SITE_PACKAGES = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"


def run(*command: str | Path, home: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, env={"SIGHTLINE_HOME": str(home)}, cwd=home
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this working tree; the build fetches hatchling, and the console's packages when it is not built."""
    if not (REPOSITORY / "src" / "sightline" / "console" / "index.html").exists() and shutil.which("npm") is None:
        pytest.skip("the console is not built, and npm is not here to build it")
    folder = tmp_path_factory.mktemp("wheel")
    command = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, REPOSITORY)
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("sightline-*.whl")
    return built


@pytest.mark.slow
def test_the_wheel_holds_the_console_the_migrations_and_the_types(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        page = archive.read("sightline/console/index.html").decode()
    assert 'src="/assets/' in page
    assert any(name.startswith("sightline/console/assets/") for name in names)
    assert any(name.startswith("sightline/stores/migrations/versions/v0001") for name in names)
    assert "sightline/py.typed" in names
    assert not [name for name in names if not name.startswith(("sightline/", "sightline-"))]


@pytest.mark.slow
def test_the_wheel_runs_from_a_fresh_environment(wheel: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "venv"
    venv.create(fresh, with_pip=False)
    installed = fresh / SITE_PACKAGES
    pip = (sys.executable, "-m", "pip", "--python", fresh / "bin" / "python", "install", "--quiet", "--no-deps")
    subprocess.run([str(part) for part in (*pip, wheel)], check=True)
    # The dependencies are those of the environment that runs this test: they are not what is tested.
    (installed / "dependencies.pth").write_text(sysconfig.get_path("purelib"))

    home = tmp_path / "home"
    home.mkdir()
    command = fresh / "bin" / "sightline"
    assert run(command, "version", home=home).startswith(f"sightline {sightline.__version__} ")
    assert "no users" in run(command, "users", "list", home=home)  # made the database: the migrations are there
    program = "from sightline.gateway.web.console import console_folder; print(console_folder())"
    where = run(fresh / "bin" / "python", "-c", program, home=home)
    assert Path(where.strip()) == installed / "sightline" / "console"
    assert (installed / "sightline" / "console" / "index.html").is_file()
