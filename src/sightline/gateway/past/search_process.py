"""The past, in a process of its own: every sighting in its memory, nothing of it on this event loop.

The process is started with the gateway, or when it is first needed, and started again when it ends; while it reads the
sightings, answers say how many of them it has. It says which strangers new sightings belong to; they are written here.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import msgspec
import structlog

from sightline.clock import Clock
from sightline.events import search_link as link
from sightline.exceptions import SightlineError, Unavailable
from sightline.gateway.past.sighting_ports import Strangers

__all__ = ["SearchProcess"]

BACKOFF_S = (0.2, 1.0, 5.0, 30.0)
STEADY_S = 60.0
STOP_TIMEOUT_S = 1.0
"""It writes nothing: what does not end by itself when its input ends is simply ended."""
START_PATIENCE_S = 10.0
"""How long a question waits for the process to begin reading."""
ANSWER_TIMEOUT_S = 20.0
RECOGNISE_TIMEOUT_S = 0.25
"""An alert does not wait longer to learn a stranger's number."""
RETRY_S = 1.0
MAX_STATEMENT_BYTES = 16 * 2**20
MAX_UNHEARD_BYTES = 64 * 1024

log = structlog.get_logger(__name__)


class SearchProcess:
    """Starts `command`, hands it `first_line`, and asks it."""

    def __init__(self, command: Sequence[str], first_line: str, strangers: Strangers, clock: Clock) -> None:
        self._command = tuple(command)
        self._first_line = first_line.encode() + b"\n"
        self._strangers = strangers
        self._clock = clock
        self._supervising: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._up = asyncio.Event()
        self._placing: asyncio.Task[None] | None = None
        self._waiting: dict[int, asyncio.Future[link.Statement]] = {}
        self._numbers = itertools.count(1)
        self._restarts = 0
        self._reason = "not started"
        self._indexed = link.Indexed(indexed=0, total=0, ready=False)

    def report(self) -> Mapping[str, Any]:
        """What the system page shows."""
        state = "down" if not self._up.is_set() else "running" if self._indexed.ready else "indexing"
        return {
            "state": state,
            "indexed": self._indexed.indexed,
            "total": self._indexed.total,
            "restarts": self._restarts,
            "reason": self._reason,
            "pid": self._process.pid if self._process is not None and self._up.is_set() else None,
        }

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Runs the process while the context is open."""
        self.start()
        try:
            yield
        finally:
            await self.close()

    def start(self) -> None:
        """Runs the process from now on, unless it does."""
        if self._supervising is None:
            self._supervising = asyncio.create_task(self._supervise(), name="search process")

    async def close(self) -> None:
        """Ends the process."""
        if self._supervising is None:
            return
        tasks = [task for task in (self._supervising, self._placing) if task is not None]
        self._supervising = self._placing = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._stop()

    def changed(self) -> None:
        """Sightings were added, changed or removed. One that is behind with listening looks again anyway."""
        process = self._process
        if process is None or process.stdin is None:
            return
        if process.stdin.transport.get_write_buffer_size() < MAX_UNHEARD_BYTES:
            self._tell(link.Changed())

    async def search(
        self, model_id: str, vectors: Sequence[bytes], count: int, *, cameras: Sequence[str] | None = None,
        from_ms: int | None = None, to_ms: int | None = None,
    ) -> link.Found:  # fmt: skip
        """The nearest sightings to any of the vectors. Raises `Unavailable`."""
        self.start()
        try:
            async with asyncio.timeout(START_PATIENCE_S):
                await self._up.wait()
        except TimeoutError:
            raise Unavailable(f"the search is not running ({self._reason}); try again in a moment") from None
        question = link.Search(
            request_id=next(self._numbers),
            model_id=model_id,
            vectors=list(vectors),
            count=count,
            cameras=None if cameras is None else list(cameras),
            from_ms=from_ms,
            to_ms=to_ms,
        )
        answer = await self._ask(question, ANSWER_TIMEOUT_S)
        assert isinstance(answer, link.Found)
        return answer

    async def recognise(self, model_id: str, vector: bytes) -> str | None:
        """The group of strangers that a template belongs to; `None` also when nobody can say at once."""
        if not self._up.is_set() or not self._indexed.ready:
            return None
        question = link.Recognise(request_id=next(self._numbers), model_id=model_id, vector=vector)
        try:
            answer = await self._ask(question, RECOGNISE_TIMEOUT_S)
        except Unavailable:
            return None
        assert isinstance(answer, link.Recognised)
        return answer.group

    async def _ask(self, question: link.Search | link.Recognise, timeout_s: float) -> link.Statement:
        future: asyncio.Future[link.Statement] = asyncio.get_running_loop().create_future()
        self._waiting[question.request_id] = future
        try:
            async with asyncio.timeout(timeout_s):
                self._tell(question)
                return await future
        except TimeoutError:
            raise Unavailable("the search did not answer in time; try again") from None
        finally:
            self._waiting.pop(question.request_id, None)

    def _tell(self, question: link.Question) -> None:
        process = self._process
        if process is not None and process.stdin is not None and not process.stdin.is_closing():
            process.stdin.write(link.frame(question))

    # ── the process ──

    async def _supervise(self) -> None:
        failures = 0
        while True:
            started_s = self._clock.monotonic_s()
            code = await self._run_once()
            if self._clock.monotonic_s() - started_s >= STEADY_S:
                failures = 0
            pause_s = BACKOFF_S[min(failures, len(BACKOFF_S) - 1)]
            failures += 1
            self._restarts += 1
            self._reason = f"it ended (exit status {code})"
            log.error("search_process_ended", status=code, again_in_s=pause_s)
            await asyncio.sleep(pause_s)

    async def _run_once(self) -> int | None:
        """The exit status of one life of the process; `None` when it could not be started."""
        pipe = asyncio.subprocess.PIPE
        try:
            # A session of its own: Ctrl-C in a terminal is for the server, which ends this process in its own time.
            process = await asyncio.create_subprocess_exec(
                *self._command, stdin=pipe, stdout=pipe, start_new_session=True
            )
        except OSError as problem:
            self._reason = str(problem)
            return None
        self._process = process
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(self._first_line)
        self._up.set()
        self._reason = ""
        try:
            await self._listen(process.stdout)
        finally:
            self._up.clear()
            self._indexed = link.Indexed(indexed=0, total=self._indexed.total, ready=False)
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(Unavailable("the search ended before it answered; try again in a moment"))
                    future.exception()  # who asked may be gone: nobody need hear of it
        return await process.wait()

    async def _listen(self, stream: asyncio.StreamReader) -> None:
        """Until the process ends, or says what nobody understands."""
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                size = int.from_bytes(await stream.readexactly(link.LENGTH_BYTES), "big")
                if size > MAX_STATEMENT_BYTES:
                    log.error("search_process_not_understood", size=size)
                    break
                try:
                    statement = link.decode_statement(await stream.readexactly(size))
                except msgspec.DecodeError as problem:
                    log.error("search_process_not_understood", problem=str(problem))
                    break
                self._heard(statement)
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    def _heard(self, statement: link.Statement) -> None:
        match statement:
            case link.Found() | link.Recognised():
                future = self._waiting.get(statement.request_id)
                if future is not None and not future.done():
                    future.set_result(statement)
            case link.Indexed():
                self._indexed = statement
            case link.Place():
                # Answers do not wait for it; the process proposes nothing more until it is done.
                self._placing = asyncio.create_task(self._place(statement), name="placing strangers")

    async def _place(self, proposal: link.Place) -> None:
        placements = [(one.key, one.group, one.founded) for one in proposal.placements]
        try:
            await self._strangers.place(placements, now_ms=self._clock.now_ms())
        except SightlineError as problem:  # the disk is full, or too much waits for it: it is proposed again
            log.error("strangers_not_placed", problem=str(problem), again_in_s=RETRY_S)
            await asyncio.sleep(RETRY_S)
        self._tell(link.Placed())

    async def _stop(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            process.kill()
            await process.wait()
