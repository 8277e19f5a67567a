"""The model store: pulling by the real pip, from a folder of packages instead of an index."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from sightline.exceptions import ModelError
from sightline.models.dlib_resnet import DlibResnet
from sightline.models.manifest import (
    DLIB_FACE_RESNET29,
    Conversion,
    ModelEntry,
    ModelTask,
    PackageMember,
    Tier,
)
from sightline.models.runtime import Session
from sightline.models.store import ModelStatus, ModelStore
from tests.unit.models import dlib_files

NETWORK = dlib_files.network(dlib_files.small())
PICTURE = bytes(range(256)) * 20
METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
BACKEND = """
def prepare_metadata_for_build_wheel(folder, config_settings=None):
    import pathlib
    info = pathlib.Path(folder, "{name}-1.0.dist-info")
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n")
    return info.name
def build_wheel(*arguments, **options):
    raise AssertionError("nothing is built")
"""
PROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands in for the package index."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    return folder


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "home" / "models")


def wheel(index: Path, name: str, member: str, content: bytes) -> PackageMember:
    path = index / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, content)
        archive.writestr(f"{name}-1.0.dist-info/METADATA", METADATA.format(name=name))
        archive.writestr(
            f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{name}-1.0.dist-info/RECORD", "")
    return package(path, name, member)


def sdist(index: Path, name: str, member: str, content: bytes) -> PackageMember:
    path = index / f"{name}-1.0.tar.gz"
    files = {
        member: content,
        "PKG-INFO": METADATA.format(name=name).encode(),
        "pyproject.toml": PROJECT.encode(),
        "backend.py": BACKEND.format(name=name).encode(),
    }
    with tarfile.open(path, "w:gz") as archive:
        for inner, data in files.items():
            item = tarfile.TarInfo(f"{name}-1.0/{inner}")
            item.size = len(data)
            archive.addfile(item, io.BytesIO(data))
    return package(path, name, member)


def package(path: Path, name: str, member: str) -> PackageMember:
    return PackageMember(name, "1.0", member, hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size)


def picture_entry(source: PackageMember, content: bytes = PICTURE) -> ModelEntry:
    return ModelEntry(
        name="picture",
        task=ModelTask.DEMO_PICTURE,
        tier=Tier.EMBEDDED,
        source=source,
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        licence="none",
        file="picture.png",
    )


def leftovers(store: ModelStore) -> list[str]:
    return sorted(path.name for path in store.folder.iterdir()) if store.folder.exists() else []


@pytest.mark.parametrize("make", [wheel, sdist])
def test_a_member_of_a_package_is_pulled(index: Path, store: ModelStore, make: object) -> None:
    entry = picture_entry(make(index, "pictures", "pictures/data/picture.png", PICTURE))  # type: ignore[operator]
    assert store.status(entry) is ModelStatus.MISSING
    reports: list[tuple[str, str, int, int | None]] = []
    store.pull([entry], lambda *report: reports.append(report))
    assert store.path(entry).read_bytes() == PICTURE == store.read(entry)
    assert store.status(entry) is store.verify(entry) is ModelStatus.PRESENT
    assert {name for name, *_ in reports} == {"picture"}
    stages = list(dict.fromkeys(stage for _, stage, *_ in reports))
    assert stages == ["download", "extract", "convert", "done"]
    assert all(total is None or done <= total for _, _, done, total in reports)
    assert leftovers(store) == ["picture.png", "picture.png.json"]


def test_what_is_here_is_not_pulled_again(index: Path, store: ModelStore) -> None:
    entry = picture_entry(wheel(index, "pictures", "picture.png", PICTURE))
    store.pull([entry])
    (index / "pictures-1.0-py3-none-any.whl").unlink()
    store.pull([entry])
    assert store.status(entry) is ModelStatus.PRESENT


def test_a_wrong_hash_is_refused_and_nothing_is_written(index: Path, store: ModelStore) -> None:
    entry = replace(picture_entry(wheel(index, "pictures", "picture.png", PICTURE)), sha256="0" * 64)
    with pytest.raises(ModelError, match="hash") as refused:
        store.pull([entry])
    assert refused.value.model == "picture"
    assert leftovers(store) == []


def test_an_archive_with_a_wrong_hash_is_refused_before_its_code_runs(
    index: Path, store: ModelStore, tmp_path: Path
) -> None:
    trap = tmp_path / "trap"
    source = sdist(index, "pictures", "picture.png", PICTURE)
    entry = picture_entry(source)
    with tarfile.open(index / "pictures-1.0.tar.gz", "w:gz") as archive:
        for name, data in {"pyproject.toml": PROJECT, "backend.py": f"open({str(trap)!r}, 'w')"}.items():
            item = tarfile.TarInfo(f"pictures-1.0/{name}")
            item.size = len(data)
            archive.addfile(item, io.BytesIO(data.encode()))
    with pytest.raises(ModelError, match="HASHES"):
        store.pull([entry])
    assert not trap.exists()
    assert leftovers(store) == []


def test_a_longer_file_than_promised_is_refused(index: Path, store: ModelStore) -> None:
    entry = picture_entry(wheel(index, "pictures", "picture.png", PICTURE + b"more"), PICTURE)
    with pytest.raises(ModelError, match="hash"):
        store.pull([entry])


@pytest.mark.parametrize("make", [wheel, sdist])
def test_a_package_without_the_member_says_so(index: Path, store: ModelStore, make: object) -> None:
    source = make(index, "pictures", "other.png", PICTURE)  # type: ignore[operator]
    with pytest.raises(ModelError, match="has no picture.png"):
        store.pull([picture_entry(replace(source, member="picture.png"))])


def test_a_package_that_the_index_does_not_have_says_so(index: Path, store: ModelStore) -> None:
    entry = picture_entry(PackageMember("pictures", "1.0", "picture.png", "0" * 64, 1))
    with pytest.raises(ModelError, match="cannot fetch pictures==1.0"):
        store.pull([entry])


class IndexWithoutFiles(BaseHTTPRequestHandler):
    """A package index whose page names a wheel that it does not have."""

    def do_GET(self) -> None:
        page = b'<a href="/files/pictures-1.0-py3-none-any.whl">pictures-1.0-py3-none-any.whl</a>'
        self.send_response(200 if self.path.startswith("/simple") else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: object) -> None:
        """Keeps the test's output clean."""


def test_addresses_and_credentials_of_a_private_index_are_not_repeated(
    store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), IndexWithoutFiles) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("PIP_INDEX_URL", f"http://me:secret@127.0.0.1:{server.server_port}/simple")
        monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
        with pytest.raises(ModelError, match="404") as refused:
            store.pull([picture_entry(PackageMember("pictures", "1.0", "picture.png", "0" * 64, 1))])
        server.shutdown()
    assert "secret" not in str(refused.value)
    assert "127.0.0.1" not in str(refused.value)


def test_a_damaged_file_is_noticed_refused_and_mended(index: Path, store: ModelStore) -> None:
    entry = picture_entry(wheel(index, "pictures", "picture.png", PICTURE))
    store.pull([entry])
    store.path(entry).write_bytes(b"x" + PICTURE[1:])
    assert store.status(entry) is ModelStatus.PRESENT  # the size is right: only reading it shows the damage
    assert store.verify(entry) is ModelStatus.DAMAGED
    with pytest.raises(ModelError, match="damaged; run: sightline models pull"):
        store.read(entry)
    store.path(entry).write_bytes(b"short")
    assert store.status(entry) is ModelStatus.DAMAGED
    store.pull([entry])
    assert store.read(entry) == PICTURE


@pytest.mark.parametrize("gone", ["picture.png", "picture.png.json"])
def test_a_missing_file_or_record_counts_as_missing(index: Path, store: ModelStore, gone: str) -> None:
    entry = picture_entry(wheel(index, "pictures", "picture.png", PICTURE))
    store.pull([entry])
    (store.folder / gone).unlink()
    assert store.status(entry) is store.verify(entry) is ModelStatus.MISSING
    with pytest.raises(ModelError, match="run: sightline models pull"):
        store.read(entry)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe"])
def test_a_senseless_record_counts_as_missing(index: Path, store: ModelStore, content: bytes) -> None:
    entry = picture_entry(wheel(index, "pictures", "picture.png", PICTURE))
    store.pull([entry])
    (store.folder / "picture.png.json").write_bytes(content)
    assert store.status(entry) is ModelStatus.MISSING


def test_a_file_of_another_conversion_counts_as_missing(index: Path, store: ModelStore) -> None:
    entry = picture_entry(wheel(index, "pictures", "picture.png", PICTURE))
    store.pull([entry])
    assert store.status(replace(entry, conversion=Conversion.CENTERFACE)) is ModelStatus.MISSING
    assert store.status(replace(entry, sha256="0" * 64)) is ModelStatus.MISSING


def test_a_network_is_converted_and_loads(index: Path, store: ModelStore) -> None:
    entry = replace(
        DLIB_FACE_RESNET29,
        source=sdist(index, "networks", "networks/models/resnet.dat", NETWORK),
        sha256=hashlib.sha256(NETWORK).hexdigest(),
        bytes=len(NETWORK),
    )
    store.pull([entry])
    session = Session(entry.name, store.read(entry))
    assert session.run(np.zeros((1, 150, 150, 3), np.uint8))[0].shape == (1, 128)


def test_a_missing_model_says_what_to_run(store: ModelStore) -> None:
    with pytest.raises(ModelError, match="run: sightline models pull"):
        DlibResnet.load(store)
