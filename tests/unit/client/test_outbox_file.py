from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.client.outbox import Kept, PendingAck
from sightline.client.outbox_file import OutboxFile
from sightline.deliveries.entry import Cursor
from sightline.events.alert import Verdict
from sightline.exceptions import Unavailable

KEPT = Kept(Cursor("e", 7), (PendingAck("1", "a", Verdict.REJECTED, 5), PendingAck("2", "b", None, 6)))

WRITER = """
import sys
from pathlib import Path
from sightline.client.outbox import Kept
from sightline.client.outbox_file import OutboxFile
from sightline.deliveries.entry import Cursor

file = OutboxFile(Path(sys.argv[1]))
for offset in range(10**9):
    file.save(Kept(Cursor("e" * 5000, offset)))
    print(offset, flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.outbox"


@pytest.fixture
def file(path: Path) -> Iterator[OutboxFile]:
    file = OutboxFile(path)
    yield file
    file.close()


def test_what_was_saved_last_is_loaded(file: OutboxFile) -> None:
    assert file.load() == Kept()
    file.save(Kept(Cursor("e", 1)))
    file.save(KEPT)
    assert file.load() == KEPT


def test_nobody_else_may_read_it(file: OutboxFile, path: Path) -> None:
    file.save(KEPT)
    assert path.stat().st_mode & 0o777 == 0o600


def test_one_process_at_a_time(file: OutboxFile, path: Path) -> None:
    with pytest.raises(Unavailable, match="another client uses"):
        OutboxFile(path)


def test_the_next_one_may_have_it(path: Path) -> None:
    first = OutboxFile(path)
    first.save(KEPT)
    first.close()
    second = OutboxFile(path)
    assert second.load() == KEPT
    second.close()


@pytest.mark.parametrize(
    "damage", [b"", b"\x00" * 64, b'{"version":1,"kept":{"cursor":', b'{"version":1}', b"\xff\xfe"]
)
def test_a_damaged_file_is_set_aside(file: OutboxFile, path: Path, damage: bytes) -> None:
    path.write_bytes(damage)
    assert file.load() == Kept()
    assert path.with_name("desk.outbox.damaged").read_bytes() == damage
    file.save(KEPT)
    assert file.load() == KEPT


def test_a_write_that_fails_leaves_the_file_as_it_was(file: OutboxFile, path: Path) -> None:
    file.save(KEPT)
    path.with_name("desk.outbox.part").mkdir()
    with pytest.raises(IsADirectoryError):
        file.save(Kept())
    assert file.load() == KEPT


def test_killed_while_writing_it_is_whole(path: Path) -> None:
    said = -1
    for _ in range(3):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        for _ in range(20):
            said = int(writer.stdout.readline())
        os.kill(writer.pid, signal.SIGKILL)
        said = max([said, *(int(line) for line in writer.stdout.read().split("\n")[:-1] if line)])
        writer.wait()
        writer.stdout.close()
        file = OutboxFile(path)
        cursor = file.load().cursor
        file.close()
        assert cursor is not None
        assert cursor.offset in (said, said + 1)
        assert cursor.epoch == "e" * 5000
