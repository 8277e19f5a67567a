"""The search process: `python -m sightline.service.search`. All sightings in the memory of a process of its own.

Standard input carries the settings as one line of JSON, then questions, and stays open for as long as the parent lives;
standard output carries the answers (`sightline.events.search_link`). The sightings are read from the store, page by
page at the start and change by change from then on, so that an answer knows everything that was recorded before it was
asked for.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable

import msgspec
import structlog

from sightline import telemetry
from sightline.events import search_link as link
from sightline.exceptions import StoreError, Unavailable
from sightline.identities.similarity import Similarity
from sightline.search.memory import SightingMemory
from sightline.settings import Settings
from sightline.stores.database import Database
from sightline.stores.ids import new_id
from sightline.stores.sighting_feed import FeedPage, SightingFeed
from sightline.stores.store import database_address
from sightline.stores.vault import Vault, load_or_create_master_key

__all__ = ["Searching", "main"]

POLL_S = 1.0
"""How long something that nobody tells of (a second gateway wrote it) may stay unseen."""
PAGE = 4000
PLACED_AT_ONCE = 50
TOLD_EVERY_S = 0.5
MAX_QUESTION_BYTES = 4 * 2**20
MAX_QUESTIONS = 256

log = structlog.get_logger(__name__)


class Searching:
    """Follows the feed and answers, one thing after the other. `say` must not block for long."""

    def __init__(self, feed: SightingFeed, say: Callable[[link.Statement], None]) -> None:
        self._feed = feed
        self._say = say
        self._curves: dict[str, Similarity] = {}
        self._memory = SightingMemory(self._curves.__getitem__)
        self._questions: asyncio.Queue[link.Question | None] = asyncio.Queue(MAX_QUESTIONS)
        self._version = 0
        self._total = 0
        self._ready = False
        self._proposed = False
        self._told_s = 0.0
        self._ended = False

    async def ask(self, question: link.Question | None) -> None:
        """Queues a question; `None` ends it all. Waits while too many are queued."""
        await self._questions.put(question)

    async def run(self) -> None:
        """Until it is asked to end."""
        while not self._ended:
            await self._catch_up()
            self._propose()
            try:
                question = await asyncio.wait_for(self._questions.get(), POLL_S)
            except TimeoutError:
                continue
            if question is None:
                return
            await self._catch_up()
            self._answer(question)

    async def _catch_up(self) -> None:
        """Follows the store to its present; while there is much to read, questions are answered in between."""
        while not self._ended:
            page = await self._feed.changes(self._version, self._memory.models, limit=PAGE)
            await self._follow(page)
            if not page.more:
                break
            await self._tell_progress()
            while not self._questions.empty():
                question = self._questions.get_nowait()
                if question is None:
                    self._ended = True
                    return
                self._answer(question)
        if not self._ready:
            self._ready, self._total = True, len(self._memory)
            self._say(link.Indexed(indexed=len(self._memory), total=self._total, ready=True))
            log.info("sightings_indexed", sightings=len(self._memory), skipped=self._memory.skipped)

    async def _follow(self, page: FeedPage) -> None:
        if page.reset:
            self._memory.clear()
            self._ready = False
        for model_id in {sighting.model_id for sighting in page.changed} - self._curves.keys():
            curve = await self._feed.curve(model_id)
            assert curve is not None  # it is written before the first sighting
            self._curves[model_id] = curve
        self._memory.apply(page.changed, page.removed)
        self._version = page.version
        self._total = max(self._total, len(self._memory)) if not self._ready else len(self._memory)

    async def _tell_progress(self) -> None:
        if time.monotonic() - self._told_s >= TOLD_EVERY_S:
            self._told_s = time.monotonic()
            self._total = await self._feed.total()
            self._say(link.Indexed(indexed=len(self._memory), total=self._total, ready=self._ready))

    def _propose(self) -> None:
        if not self._proposed and self._memory.due:
            placements = self._memory.place(PLACED_AT_ONCE, lambda: new_id(time.time_ns() // 1_000_000))
            self._proposed = True
            self._say(link.Place(placements=placements))

    def _answer(self, question: link.Question) -> None:
        match question:
            case link.Search():
                self._say(self._search(question))
            case link.Recognise():
                self._say(link.Recognised(request_id=question.request_id, group=self._recognise(question)))
            case link.Placed():
                self._memory.settle()
                self._proposed = False
            case link.Changed():
                pass  # what woke it up has been followed already, or will be before it sleeps

    def _search(self, question: link.Search) -> link.Found:
        try:
            found = self._memory.search(
                question.model_id, question.vectors, question.count, cameras=question.cameras,
                from_ms=question.from_ms, to_ms=question.to_ms,
            )  # fmt: skip
        except ValueError as problem:
            log.warning("search_refused", problem=str(problem))
            found = []
        return link.Found(
            request_id=question.request_id,
            keys=[key for key, _ in found],
            distances=[distance for _, distance in found],
            indexed=len(self._memory),
            total=self._total,
            comparable=self._memory.count(question.model_id),
        )

    def _recognise(self, question: link.Recognise) -> str | None:
        try:
            return self._memory.recognise(question.model_id, question.vector)
        except ValueError as problem:
            log.warning("recognition_refused", problem=str(problem))
            return None


async def _run(settings: Settings) -> None:
    address = database_address(settings.home, settings.database_url)
    if address is None:
        raise Unavailable("there is no database yet")
    vault = Vault(load_or_create_master_key(settings.home / "keys" / "master.key"))
    database = Database(address)
    await database.open()
    try:
        searching = Searching(SightingFeed(database, vault), _say)
        listening = asyncio.create_task(_listen(searching))
        try:
            await searching.run()
        finally:
            listening.cancel()
    finally:
        await database.close()


async def _listen(searching: Searching) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer
    )
    try:
        while True:
            size = int.from_bytes(await reader.readexactly(link.LENGTH_BYTES), "big")
            if size > MAX_QUESTION_BYTES:
                raise ValueError(f"a question of {size} bytes")
            await searching.ask(link.decode_question(await reader.readexactly(size)))
    except (asyncio.IncompleteReadError, msgspec.DecodeError, ValueError) as end:
        if not isinstance(end, asyncio.IncompleteReadError):
            log.error("question_not_understood", problem=str(end))
        await searching.ask(None)  # the parent is gone, or speaks another language


def _say(statement: link.Statement) -> None:
    sys.stdout.buffer.write(link.frame(statement))
    sys.stdout.buffer.flush()


def main() -> None:
    """Reads the settings, then serves until the parent is gone."""
    settings = Settings.model_validate_json(_first_line())
    telemetry.configure(settings.log_level, settings.log_format, file=settings.log_file, rotates=False)
    try:
        asyncio.run(_run(settings))
    except (StoreError, Unavailable) as problem:
        log.error("search_ended", problem=str(problem))
        sys.exit(1)
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(0)


def _first_line() -> bytes:
    """Byte by byte: what comes after it is not to be taken out of the pipe."""
    line = bytearray()
    while (char := os.read(sys.stdin.fileno(), 1)) not in (b"", b"\n"):
        line += char
    return bytes(line)


if __name__ == "__main__":
    main()
