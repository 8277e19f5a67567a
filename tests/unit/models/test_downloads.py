"""Fetching from a web server that behaves as such servers do: it breaks off, forgets, lies."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sightline.exceptions import ModelError
from sightline.models import downloads
from sightline.models.manifest import HandedOver, ModelEntry, ModelTask, Tier, WebFile
from sightline.models.store import ModelStatus, ModelStore

CONTENT = bytes(range(256)) * 2000


@dataclass
class FileServer:
    """Serves `content` at every path; each request takes the next of `faults`."""

    content: bytes = CONTENT
    faults: list[str] = field(default_factory=list)
    ranges: list[str | None] = field(default_factory=list)
    url: str = ""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.ranges.append(request.headers.get("Range"))
        fault = self.faults.pop(0) if self.faults else ""
        if fault.isdigit():
            request.send_error(int(fault))
            return
        start = int((request.headers.get("Range") or "bytes=0-")[6:-1]) if fault != "whole again" else 0
        if start >= len(self.content):
            request.send_error(416)
            return
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(self.content) - start))
        request.end_headers()
        body = self.content[start:]
        request.wfile.write(body[: len(body) // 2] if fault == "cut" else body)
        request.close_connection = True


@pytest.fixture
def server() -> Iterator[FileServer]:
    files = FileServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            files.answer(self)

        def log_message(self, format: str, *args: object) -> None:
            """Keeps the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
        files.url = f"http://127.0.0.1:{http.server_port}/models/mine.onnx"
        yield files
        http.shutdown()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "_PAUSE_S", 0.0)


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


def entry(server: FileServer, content: bytes = CONTENT) -> ModelEntry:
    return ModelEntry(
        name="mine",
        task=ModelTask.OBJECT_DETECTOR,
        tier=Tier.RECOMMENDED,
        source=WebFile(server.url),
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        licence="MIT",
        file="mine.onnx",
    )


def left(store: ModelStore) -> list[str]:
    return sorted(path.name for path in store.folder.iterdir())


def test_a_file_is_fetched_with_progress(server: FileServer, store: ModelStore) -> None:
    reports: list[tuple[str, str, int, int | None]] = []
    store.pull([entry(server)], lambda *report: reports.append(report))
    assert store.read(entry(server)) == CONTENT
    downloaded = [done for _, stage, done, total in reports if stage == "download" and total == len(CONTENT)]
    assert downloaded == sorted(downloaded)
    assert downloaded[-1] == len(CONTENT)
    assert len(downloaded) > 2
    assert left(store) == ["mine.onnx", "mine.onnx.json"]


def test_a_broken_connection_costs_only_what_was_not_there_yet(server: FileServer, store: ModelStore) -> None:
    server.faults = ["cut", "503", "cut"]
    store.pull([entry(server)])
    assert store.read(entry(server)) == CONTENT
    half = len(CONTENT) // 2
    assert server.ranges == [None, f"bytes={half}-", f"bytes={half}-", f"bytes={half + half // 2}-"]


def test_the_next_command_goes_on_where_the_last_one_gave_up(server: FileServer, store: ModelStore) -> None:
    server.faults = ["cut", "503", "503", "503"]
    with pytest.raises(ModelError, match="goes on from there"):
        store.pull([entry(server)])
    store.pull([entry(server)])
    assert store.read(entry(server)) == CONTENT
    assert server.ranges[-1] == f"bytes={len(CONTENT) // 2}-"


def test_a_server_that_knows_no_ranges_sends_all_of_it_again(server: FileServer, store: ModelStore) -> None:
    server.faults = ["cut", "whole again"]
    store.pull([entry(server)])
    assert store.read(entry(server)) == CONTENT


def test_a_partial_file_that_the_server_cannot_continue_is_begun_anew(server: FileServer, store: ModelStore) -> None:
    server.content = CONTENT[:1000]
    short = entry(server, CONTENT[:1000])
    store.folder.mkdir(parents=True)
    (store.folder / f".partial-{short.sha256[:16]}").write_bytes(CONTENT[:999])
    server.faults = ["416"]
    store.pull([short])
    assert store.read(short) == CONTENT[:1000]


@pytest.mark.parametrize("wrong", [CONTENT[::-1], CONTENT + b"more"], ids=["other", "longer"])
def test_a_wrong_file_is_refused_explained_and_not_kept(server: FileServer, store: ModelStore, wrong: bytes) -> None:
    server.content = wrong
    with pytest.raises(ModelError, match=r"expected hash: refused, nothing was written. Expected .* found .*publisher"):
        store.pull([entry(server)])
    assert left(store) == []
    server.content = CONTENT
    store.pull([entry(server)])
    assert store.status(entry(server)) is ModelStatus.PRESENT


@pytest.mark.parametrize("status", ["404", "403"])
def test_an_answer_that_will_not_change_is_said_at_once(server: FileServer, store: ModelStore, status: str) -> None:
    server.faults = [status]
    with pytest.raises(ModelError, match=f"answered {status}"):
        store.pull([entry(server)])
    assert len(server.ranges) == 1


def test_a_server_that_is_not_there_is_said(store: ModelStore, free_port: int) -> None:
    gone = FileServer(url=f"http://127.0.0.1:{free_port}/mine.onnx")
    with pytest.raises(ModelError, match="cannot fetch mine"):
        store.pull([entry(gone)])


@pytest.mark.parametrize("name", ["mine.onnx", "theirs.onnx"])
def test_a_mirror_folder_is_looked_into_first(server: FileServer, tmp_path: Path, name: str) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    wanted = replace(entry(server), file="theirs.onnx")
    (mirror / name).write_bytes(CONTENT)
    store = ModelStore(tmp_path / "models", mirror=mirror)
    store.pull([wanted])
    assert store.read(wanted) == CONTENT
    assert server.ranges == []


def test_a_mirror_with_another_file_of_that_name_is_passed_by(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "mine.onnx").write_bytes(b"another")
    store = ModelStore(tmp_path / "models", mirror=tmp_path)
    store.pull([entry(server)])
    assert server.ranges == [None]


def test_a_file_without_an_address_says_what_to_put_where(store: ModelStore) -> None:
    handed = replace(entry(FileServer()), source=HandedOver("mine_80x80.onnx", "by its authors"))
    with pytest.raises(ModelError, match=f"put mine_80x80.onnx with the SHA-256 {handed.sha256} into .*MODEL_MIRROR"):
        store.pull([handed])


def test_a_users_own_file_has_a_name_and_is_guarded_like_all(store: ModelStore) -> None:
    added = store.add(CONTENT, name="my-yolo", task=ModelTask.OBJECT_DETECTOR, licence="ours")
    assert store.added() == [added]
    assert store.entry("my-yolo") == added
    assert added.tier is Tier.OWN
    assert not added.permissive
    assert store.read(added) == CONTENT
    assert store.verify(added) is ModelStatus.PRESENT
    store.path(added).write_bytes(CONTENT[:-1] + b"x")
    with pytest.raises(ModelError, match="damaged; run: sightline models add FILE --name my-yolo"):
        store.read(added)


@pytest.mark.parametrize("name", ["", "../mine", "Mine", "a b", "sface", "x" * 65])
def test_a_name_that_cannot_be_one_is_refused(store: ModelStore, name: str) -> None:
    with pytest.raises(ModelError):
        store.add(CONTENT, name=name, task=ModelTask.OBJECT_DETECTOR, licence="ours")
    assert store.added() == []
