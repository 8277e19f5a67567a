"""The media folder."""

from __future__ import annotations

import os
import resource
import threading
from pathlib import Path

import pytest

from sightline.exceptions import StoreError, Unavailable
from sightline.stores.media import MediaFolder, is_blob_id

PLACE = "screenshots/Ada/2026/1/1/0-0-0.jpg"


@pytest.fixture
def media(tmp_path: Path) -> MediaFolder:
    made = MediaFolder(tmp_path / "media")
    made.prepare()
    return made


@pytest.mark.parametrize("blob_id", ["a", "0192-af", "A.b_c-9", "x" * 128])
def test_ids_of_blobs(blob_id: str) -> None:
    assert is_blob_id(blob_id)


def test_a_blob_is_whole_or_not_there(media: MediaFolder, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(Unavailable, match="the disk is full"):
            media.put_incoming("blob", b"x" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not media.has_incoming("blob")
    assert list((tmp_path / "media" / "incoming").iterdir()) == []
    media.put_incoming("blob", b"x")
    assert media.has_incoming("blob")


def test_a_disk_that_refuses_for_another_reason(media: MediaFolder, tmp_path: Path) -> None:
    (tmp_path / "media" / "incoming").rmdir()
    with pytest.raises(Unavailable, match="refuses it .No such file"):
        media.put_incoming("blob", b"x")


def test_a_blob_is_moved_and_found(media: MediaFolder) -> None:
    media.put_incoming("blob", b"x")
    assert media.fetch("blob", PLACE) == b"x"
    assert (media.exists(PLACE), media.has_incoming("blob")) == (True, False)
    assert media.fetch("blob", PLACE) == b"x"


def test_a_blob_that_is_gone(media: MediaFolder) -> None:
    assert media.fetch("blob", PLACE) is None


def test_a_blob_that_cannot_be_moved_is_read_where_it_is(media: MediaFolder, tmp_path: Path) -> None:
    (tmp_path / "media" / "screenshots").write_text("a file where a folder should be")
    media.put_incoming("blob", b"x")
    assert media.fetch("blob", PLACE) == b"x"
    assert media.has_incoming("blob")


def test_a_picture_that_cannot_be_read(media: MediaFolder, tmp_path: Path) -> None:
    (tmp_path / "media" / PLACE).mkdir(parents=True)
    with pytest.raises(StoreError, match="cannot be read"):
        media.fetch("blob", PLACE)


def test_many_threads_may_move_one_blob(media: MediaFolder) -> None:
    media.put_incoming("blob", b"x")
    begin, found = threading.Barrier(8), []

    def fetch() -> None:
        begin.wait()
        found.append(media.fetch("blob", PLACE))

    threads = [threading.Thread(target=fetch) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [b"x"] * 8


def test_removing_takes_empty_folders_along(media: MediaFolder, tmp_path: Path) -> None:
    sibling = "screenshots/Ada/2026/2/1/0-0-0.jpg"
    for blob_id, path in (("one", PLACE), ("two", sibling)):
        media.put_incoming(blob_id, b"x")
        media.place(blob_id, path)
    assert media.remove(PLACE)
    assert media.exists("screenshots/Ada/2026/2") and not media.exists("screenshots/Ada/2026/1")
    assert media.remove(sibling)
    assert media.exists("screenshots") and not media.exists("screenshots/Ada")
    assert media.remove(sibling)
    assert media.remove("incoming/never.jpg")
    assert media.exists("incoming")


def test_moving_survives_folders_that_vanish(media: MediaFolder) -> None:
    def move(name: str) -> None:
        for number in range(200):
            blob_id, path = f"{name}-{number}", f"screenshots/Ada/2026/1/1/{name}-{number}.jpg"
            media.put_incoming(blob_id, b"x")
            if media.fetch(blob_id, path) != b"x":
                lost.append(path)
            media.remove(path)

    lost: list[str] = []
    threads = [threading.Thread(target=move, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lost == []


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("a file")
    with pytest.raises(StoreError, match="cannot be made"):
        MediaFolder(tmp_path / "media").prepare()


def test_only_old_drafts_are_swept(media: MediaFolder, tmp_path: Path) -> None:
    incoming = tmp_path / "media" / "incoming"
    for name, written_s in ((".old.part", 1000), (".young.part", 3000)):
        (incoming / name).write_bytes(b"x")
        os.utime(incoming / name, (written_s, written_s))
    media.sweep_drafts(2_000_000)
    assert [file.name for file in incoming.iterdir()] == [".young.part"]
