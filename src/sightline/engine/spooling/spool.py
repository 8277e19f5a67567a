"""An engine's disk queue: facts stay here, in order, until a gateway has accepted them.

One fact is one file, named by a counter that only rises (a clock that jumps changes nothing), with its pictures beside
it: `000000000042.fact`, `000000000042.probe.jpg`. The fact's file is written last and renamed into place, so after a
crash at any instant a fact is there whole or was never there; pictures without a fact are swept, files that are
damaged all the same are set aside in `torn/`.

Sightings, which carry their picture themselves, are kept like facts.

Bound: `limit_bytes` on disk. Policy when full, or when the disk is: the oldest pictures go first, then the oldest
sightings, then facts about objects, then `unknown` ones, then states of cameras and crowds, attacks and identified
facts last; every loss is counted in `dropped`. A disk
that refuses to write is replaced by memory, within bounds and by the same policy, until it writes again; so is one that
others have filled to the brim, before an identified fact is given up for it.

Used by one thread at a time; every method blocks on the disk.
"""

from __future__ import annotations

import errno
import uuid
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import structlog

from sightline.engine.spooling.spool_disk import SpoolDisk
from sightline.engine.spooling.spool_shelf import Shelf, ShelfEntry, kind_of
from sightline.events.fact import Kept

__all__ = ["Spool", "Spooled"]

_MAGIC = b"SLS1"
_HEADER_BYTES = len(_MAGIC) + 4
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
MEMORY_LIMIT_BYTES = 64 * 2**20
KEPT_TORN_FILES = 64

_log = structlog.get_logger(__name__)


class _Record(msgspec.Struct, frozen=True):
    """The content of a fact's file. `pictures` maps a role to (bytes, CRC-32)."""

    fact: Kept
    pictures: dict[str, tuple[int, int]]


_decoder = msgspec.msgpack.Decoder(_Record)


@dataclass(frozen=True, slots=True)
class Spooled:
    """A fact with those of its pictures that are still there, JPEG bytes by role."""

    fact: Kept
    pictures: dict[str, bytes]


class Spool:
    """The queue. Opening it finds what an earlier process left behind. `instance` tells this spool from all others."""

    def __init__(
        self, disk: SpoolDisk, *, limit_bytes: int, memory_limit_bytes: int = MEMORY_LIMIT_BYTES
    ) -> None:
        self._disk = disk
        self._limit_bytes = limit_bytes
        self._memory_limit_bytes = memory_limit_bytes
        self._on_disk = Shelf()
        self._in_memory = Shelf()
        self._held: dict[int, Spooled] = {}
        self._numbers: dict[str, int] = {}
        self._next = 1
        self._full = False
        self._refusal = ""
        self.dropped: Counter[str] = Counter()
        self._find()
        self.instance = self._instance()

    @property
    def facts(self) -> int:
        """How many facts wait."""
        return len(self._on_disk) + len(self._in_memory)

    @property
    def size_bytes(self) -> int:
        """Bytes of all facts and pictures that wait."""
        return self._on_disk.size_bytes + self._in_memory.size_bytes

    def waiting(self) -> list[int]:
        """The numbers of all facts that wait, the oldest first."""
        return sorted(self._on_disk.numbers() + self._in_memory.numbers())

    def warnings(self) -> list[str]:
        """What somebody should look into, in plain words."""
        found = []
        if self._full:
            lost = ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in sorted(self.dropped.items()))
            found.append(f"spool full: dropped since this engine started: {lost}")
        if self._refusal:
            found.append(
                f"the disk refuses the spool ({self._refusal}): {len(self._in_memory)} facts are held in memory only"
            )
        if torn := self.dropped["torn_files"]:
            found.append(f"{torn} damaged files of the spool were set aside in {self._disk.folder / 'torn'}")
        return found

    def add(self, fact: Kept, pictures: Mapping[str, bytes]) -> int:
        """Keeps a fact until `forget`; returns its number. Never raises `OSError`: memory is the fallback.

        With the disk or the bound exhausted older entries are lost, by the policy of this module, or the fact itself.
        """
        number = self._next
        self._next += 1
        self.settle()
        spooled = Spooled(fact, dict(pictures))
        if self._in_memory or not self._store(number, spooled):
            self._hold(number, spooled)
        return number

    def load(self, number: int) -> Spooled | None:
        """The fact with this number, None when it was forgotten or lost. Damage is set aside and counted."""
        if number in self._held:
            return self._held[number]
        if number not in self._on_disk:
            return None
        try:
            record = _read_record(self._disk.read(_fact_name(number)))
        except (OSError, ValueError) as error:
            self._set_aside(self._on_disk[number], error)
            return None
        pictures = {}
        for role, (size, checksum) in record.pictures.items():
            picture = self._picture(number, role, size, checksum)
            if picture is not None:
                pictures[role] = picture
        return Spooled(record.fact, pictures)

    def forget(self, key: str) -> None:
        """The fact with this key was accepted: it and its pictures are removed. Unknown keys are ignored."""
        number = self._numbers.pop(key, None)
        if number is None:
            return
        if number in self._held:
            del self._held[number]
            self._in_memory.remove(number)
        else:
            entry = self._on_disk[number]
            self._on_disk.remove(number)
            self._unlink(entry, with_fact=True)
        self._full = self._full and self._on_disk.size_bytes > 0.9 * self._limit_bytes

    def settle(self) -> None:
        """Tries to bring to the disk what is held in memory."""
        for number in self._in_memory.numbers():
            entry = self._in_memory[number]
            if not self._store(number, self._held[number]):
                return
            self._in_memory.remove(entry.number)
            del self._held[number]

    def close(self) -> None:
        """Lets another process have the folder."""
        self._disk.close()

    # ── storing ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _store(self, number: int, spooled: Spooled) -> bool:
        """Puts a fact on the disk, making room; False when the disk refuses."""
        data = _write_record(spooled)
        entry = _entry(number, spooled, len(data))
        if entry.size_bytes > self._limit_bytes:
            entry, spooled = self._without_pictures(entry, spooled)
            data = _write_record(spooled)
        self._make_room(self._on_disk, self._limit_bytes - entry.size_bytes)
        while True:
            try:
                for role, picture in spooled.pictures.items():
                    self._disk.write(_picture_name(number, role), picture)
                self._disk.commit(_fact_name(number), data)
            except OSError as error:
                self._unlink(entry, with_fact=True)
                if error.errno in _FULL and self._evict(self._on_disk, spare_identified=True):
                    continue
                if self._refusal != (error.strerror or str(error)):
                    self._refusal = error.strerror or str(error)
                    _log.error("the disk refuses the spool", folder=str(self._disk.folder), error=self._refusal)
                return False
            self._refusal = ""
            self._on_disk.add(entry)
            self._numbers[spooled.fact.key] = number
            return True

    def _hold(self, number: int, spooled: Spooled) -> None:
        entry = _entry(number, spooled, len(_write_record(spooled)))
        if entry.size_bytes > self._memory_limit_bytes:
            entry, spooled = self._without_pictures(entry, spooled)
        self._make_room(self._in_memory, self._memory_limit_bytes - entry.size_bytes)
        self._held[number] = spooled
        self._in_memory.add(entry)
        self._numbers[spooled.fact.key] = number

    def _without_pictures(self, entry: ShelfEntry, spooled: Spooled) -> tuple[ShelfEntry, Spooled]:
        self._count("pictures", len(spooled.pictures), spooled.fact.key)
        bare = Spooled(spooled.fact, {})
        return _entry(entry.number, bare, len(_write_record(bare))), bare

    def _make_room(self, shelf: Shelf, target_bytes: int) -> None:
        while shelf.size_bytes > target_bytes and self._evict(shelf):
            pass

    def _evict(self, shelf: Shelf, *, spare_identified: bool = False) -> bool:
        """Drops what goes next; False when there is nothing."""
        victim = shelf.victim()
        if victim is None or (
            spare_identified and not victim.pictures_only and victim.entry.kind == "identified"
        ):
            return False
        entry = victim.entry
        self._full = True
        if victim.pictures_only:
            shelf.strip(entry.number)
            self._count("pictures", len(entry.pictures), entry.key)
        else:
            shelf.remove(entry.number)
            del self._numbers[entry.key]
            self._count("sightings" if entry.kind == "sighting" else f"{entry.kind}_facts", 1, entry.key)
        if entry.number in self._held:
            if victim.pictures_only:
                self._held[entry.number] = Spooled(self._held[entry.number].fact, {})
            else:
                del self._held[entry.number]
        else:
            self._unlink(entry, with_fact=not victim.pictures_only)
        return True

    def _count(self, what: str, count: int, key: str) -> None:
        if count:
            self.dropped[what] += count
            _log.error("the spool dropped something", what=what, count=count, fact=key)

    def _unlink(self, entry: ShelfEntry, *, with_fact: bool) -> None:
        names = [_picture_name(entry.number, role) for role in entry.pictures]
        if with_fact:
            # The fact goes first: pictures without a fact are swept, a fact without pictures would be sent again.
            names = [_fact_name(entry.number), _fact_name(entry.number) + ".part", *names]
        for name in names:
            try:
                self._disk.remove(name)
            except OSError as error:
                _log.warning("a file of the spool cannot be removed", name=name, error=str(error))

    # ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _picture(self, number: int, role: str, size: int, checksum: int) -> bytes | None:
        if role not in self._on_disk[number].pictures:
            return None  # dropped for want of room, and counted then
        try:
            data = self._disk.read(_picture_name(number, role))
        except OSError:
            data = b""
        if len(data) == size and zlib.crc32(data) == checksum:
            return data
        self._count("pictures", 1, self._on_disk[number].key)
        return None

    def _instance(self) -> str:
        try:
            return self._disk.instance()
        except OSError as error:
            _log.error("the spool's folder takes no name", folder=str(self._disk.folder), error=str(error))
            return uuid.uuid4().hex

    def _find(self) -> None:
        """What an earlier process left: facts in order; pictures without a fact and half-written files are swept."""
        names = self._disk.names()
        numbers = {int(name.partition(".")[0]) for name in names if name[:12].isdecimal()}
        self._next = max(numbers, default=0) + 1
        pictures: dict[int, dict[str, int]] = {}
        for name in names:
            if name.endswith(".jpg") and name[:12].isdecimal():
                role = name.split(".")[1]
                pictures.setdefault(int(name[:12]), {})[role] = self._disk.size(name)
        for name in names:
            if name.endswith(".fact") and name[:12].isdecimal():
                self._find_fact(name, pictures.pop(int(name[:12]), {}))
        for number, roles in pictures.items():
            for role in roles:
                self._disk.remove(_picture_name(number, role))
        for name in names:
            if name.endswith(".part"):
                self._disk.remove(name)
        self._make_room(self._on_disk, self._limit_bytes)

    def _find_fact(self, name: str, pictures: dict[str, int]) -> None:
        number = int(name[:12])
        try:
            data = self._disk.read(name)
            record = _read_record(data)
        except (OSError, ValueError) as error:
            self._count_torn(name, error)
            for role in pictures:
                self._disk.remove(_picture_name(number, role))
            return
        kept = {role: size for role, size in pictures.items() if role in record.pictures}
        self._on_disk.add(ShelfEntry(number, record.fact.key, kind_of(record.fact), len(data), kept))
        self._numbers[record.fact.key] = number

    def _set_aside(self, entry: ShelfEntry, error: Exception) -> None:
        self._count_torn(_fact_name(entry.number), error)
        self._on_disk.remove(entry.number)
        self._numbers.pop(entry.key, None)
        self._unlink(entry, with_fact=True)

    def _count_torn(self, name: str, error: Exception) -> None:
        self.dropped["torn_files"] += 1
        _log.error("a file of the spool is damaged and was set aside", name=name, error=str(error))
        try:
            self._disk.set_aside(name, keep=KEPT_TORN_FILES)
        except OSError as refused:
            _log.error("the damaged file cannot be moved", name=name, error=str(refused))


def _fact_name(number: int) -> str:
    return f"{number:012d}.fact"


def _picture_name(number: int, role: str) -> str:
    return f"{number:012d}.{role}.jpg"


def _entry(number: int, spooled: Spooled, fact_bytes: int) -> ShelfEntry:
    sizes = {role: len(data) for role, data in spooled.pictures.items()}
    return ShelfEntry(number, spooled.fact.key, kind_of(spooled.fact), fact_bytes, sizes)


def _write_record(spooled: Spooled) -> bytes:
    sums = {role: (len(data), zlib.crc32(data)) for role, data in spooled.pictures.items()}
    body = msgspec.msgpack.encode(_Record(spooled.fact, sums))
    return _MAGIC + zlib.crc32(body).to_bytes(4, "big") + body


def _read_record(data: bytes) -> _Record:
    """Raises `ValueError` (of which `msgspec.DecodeError` is one) for anything but a whole file."""
    body = data[_HEADER_BYTES:]
    if data[: len(_MAGIC)] != _MAGIC or int.from_bytes(data[len(_MAGIC) : _HEADER_BYTES], "big") != zlib.crc32(body):
        raise ValueError("the file is cut short or changed")
    return _decoder.decode(body)
