"""The database: many readers, one writer, and the one seam where its blocking work crosses to threads.

    event loop ── read(work) ──→ reader threads, each call a snapshot of everything committed before it began
               └─ write(work) ─→ queue ─→ writer thread: BEGIN, every waiting work in a SAVEPOINT, COMMIT, fsync
               ←───────────── futures resolved, all of a commit at once

Invariants: one thread writes, and of several gateways one at a time, so commit order is the order of the begins;
whatever waits shares one commit; a work that fails undoes only itself; a future is resolved after its commit is on
disk, so a crash leaves whole transactions only. Readers go on while the writer writes.

A work is a function of the connection and has no other effect: after a failure of the disk it may be called again. When
the connection to a database server is lost, every write of its transaction is refused with `Unavailable`; whether the
last word, the commit, was heard, nobody knows then, so what is tried again must be known by a key of its own.
Bound: `write_limit` writes waiting or being written. Policy when full: the newest is refused with `Unavailable`.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, RootTransaction, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from sightline.exceptions import ConfigurationError, Unavailable
from sightline.stores.backend import Backend
from sightline.stores.failures import explain, is_disconnection
from sightline.stores.hints import HintListener
from sightline.stores.postgresql import PostgreSql
from sightline.stores.sqlite import Sqlite
from sightline.stores.workers import Workers, retrieve

__all__ = ["Database", "backend_of"]

T = TypeVar("T")

READ_LIMIT = 2048
WRITE_LIMIT = 8192
BATCH_LIMIT = 256


@dataclass(frozen=True, slots=True)
class _Write:
    work: Callable[[Connection], Any]
    scrub: bool
    done: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Outcome:
    write: _Write
    result: Any = None
    error: Exception | None = None


class Database:
    """One database, opened by `open` and ended by `close`, used from one event loop.

    `url` names an SQLite file (`sqlite:////path/to/file`) or a PostgreSQL database (`postgresql://user@host/name`);
    every other address raises `ConfigurationError`.
    """

    def __init__(self, url: str, *, write_limit: int = WRITE_LIMIT) -> None:
        self._backend = backend_of(url)
        self._writer = self._backend.writer()
        self._reader = self._backend.reader()
        self._readers = Workers("store-reader", threads=self._backend.readers, limit=READ_LIMIT)
        self._write_limit = write_limit
        self._queue: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="store-writer", daemon=True)
        self._waiting = 0
        self._closing = False
        self._scrub_due = False
        self._watched: Callable[[Connection], int] | None = None
        self._seen: int | None = None
        self._on_change: Callable[[int], None] | None = None
        self._listener: HintListener | None = None
        self.on_results: Callable[[Sequence[Any]], None] | None = None
        """Told on the event loop what the writes of a commit return, before `on_change` and before they go on."""
        self.commits = 0
        """How many transactions were committed; many writes share one."""

    async def open(self) -> None:
        """Starts the writer. Raises `StoreError` or `Unavailable` when the database cannot be opened."""
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        self._thread.start()
        try:
            await self.write(lambda _: None)
        except BaseException:
            await self.close()
            raise

    @property
    def is_shared(self) -> bool:
        """Whether other gateways may be on this database."""
        return self._backend.is_shared

    def hint_with(self, connection: Connection) -> None:
        """Within a work: other gateways are told to look when it has committed."""
        self._backend.hint(connection)

    def listen(self, on_hint: Callable[[], None]) -> None:
        """From now on calls `on_hint` on the event loop after commits of any gateway that are worth a look."""

        def heard() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed already
                self._loop.call_soon_threadsafe(on_hint)

        self._listener = self._backend.listen(heard)

    async def close(self) -> None:
        """Finishes every read and write that was begun, then ends the threads. Later calls raise `Unavailable`."""
        if not self._closing:
            self._closing = True
            self._queue.put(None)
        await self._stopped.wait()
        if self._listener is not None:
            await asyncio.get_running_loop().run_in_executor(None, self._listener.close)
        await self._readers.close()
        self._reader.dispose()
        self._writer.dispose()

    async def read(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns on a snapshot of the database; it cannot write.

        Raises what `work` raises, with the database's own errors as `StoreError` or `Unavailable`.
        """
        return await self._readers.run(lambda: self._look(work))

    async def write(self, work: Callable[[Connection], T], *, scrub: bool = False) -> T:
        """What `work` returns, once its transaction is on disk. A caller who is cancelled does not stop it.

        With `scrub`, what `work` deleted is also gone from the write-ahead log: at once, or as soon as the readers of
        the moment are done. Raises like `read`; then nothing of `work` is kept.
        """
        if self._closing:
            raise Unavailable("the store is closed")
        if self._waiting >= self._write_limit:
            raise Unavailable(f"the store is overloaded ({self._write_limit} writes wait): try again shortly")
        done: asyncio.Future[T] = self._loop.create_future()
        done.add_done_callback(retrieve)
        self._waiting += 1
        self._queue.put(_Write(work, scrub, done))
        return await asyncio.shield(done)

    async def watch(self, value: Callable[[Connection], int], on_change: Callable[[int], None]) -> None:
        """From now on calls `on_change` on the event loop after each commit that changed `value`, before the
        futures of that commit are resolved."""

        def begin(connection: Connection) -> None:
            self._seen = value(connection)
            self._watched = value

        self._on_change = on_change
        await self.write(begin)

    def _look(self, work: Callable[[Connection], T]) -> T:
        try:
            return self._look_once(work)
        except SQLAlchemyError as error:
            if not is_disconnection(error):
                raise explain(error) from error
        try:  # the server was started again since the connection was made: a new one may well do
            return self._look_once(work)
        except SQLAlchemyError as error:
            raise explain(error) from error

    def _look_once(self, work: Callable[[Connection], T]) -> T:
        with self._reader.connect() as connection, connection.begin():
            return work(connection)

    # ── the writer thread ───────────────────────────────────────────────────────────────────────────────────────────

    def _serve(self) -> None:
        try:
            self._write_until_closed()
        finally:
            self._loop.call_soon_threadsafe(self._stopped.set)

    def _write_until_closed(self) -> None:
        connection: Connection | None = None
        more = True
        while more:
            batch, more = self._next_batch()
            try:
                connection = connection or self._writer.connect()
            except SQLAlchemyError as error:
                self._refuse(batch, error)
                continue
            self._commit(connection, batch)
            if connection.invalidated:
                connection.close()
                connection = None
        if connection is not None:
            connection.close()

    def _next_batch(self) -> tuple[list[_Write], bool]:
        """Waits for a write and takes everything else that waits; false with the last batch of all."""
        batch: list[_Write] = []
        write = self._queue.get()
        while write is not None:
            batch.append(write)
            if len(batch) == BATCH_LIMIT:
                return batch, True
            try:
                write = self._queue.get_nowait()
            except queue.Empty:
                return batch, True
        return batch, False

    def _commit(self, connection: Connection, batch: Sequence[_Write]) -> None:
        if not batch:
            return
        outcomes: list[_Outcome] = []
        try:
            transaction = self._begin(connection)
        except SQLAlchemyError as error:  # nothing was tried: another program holds the database, or it is away
            self._refuse(batch, error)
            return
        try:
            with transaction:
                if len(batch) == 1:  # the transaction is all of it: what it raises ends both
                    outcomes.append(_Outcome(batch[0], batch[0].work(connection)))
                else:
                    outcomes.extend(_attempt(connection, write) for write in batch)
                value = self._watched(connection) if self._watched is not None else None
                if value != self._seen:
                    self._backend.hint(connection)
        except Exception as error:  # noqa: BLE001 - whatever ended the transaction, every caller must hear of it
            if len(batch) == 1 or connection.invalidated:
                self._refuse(batch, error)
                return
            for write in batch:
                self._commit(connection, [write])
            return
        self.commits += 1
        self._scrub_due = self._scrub_due or any(write.scrub for write in batch)
        self._scrub(connection)
        changed = None if value == self._seen else value
        self._seen = value
        self._tell(outcomes, changed)

    def _begin(self, connection: Connection) -> RootTransaction:
        """Begins, on a new connection where the old one was lost while nobody needed it."""
        try:
            return connection.begin()
        except SQLAlchemyError as error:
            if not is_disconnection(error):
                raise
            connection.rollback()
            return connection.begin()

    def _scrub(self, connection: Connection) -> None:
        if self._scrub_due:
            self._scrub_due = not self._backend.scrub(connection)

    def _refuse(self, batch: Sequence[_Write], error: Exception) -> None:
        self._tell([_Outcome(write, error=explain(error)) for write in batch], None)

    def _tell(self, outcomes: Sequence[_Outcome], changed: int | None) -> None:
        self._loop.call_soon_threadsafe(self._resolve, outcomes, changed)

    def _resolve(self, outcomes: Sequence[_Outcome], changed: int | None) -> None:
        try:
            if self.on_results is not None:
                self.on_results([outcome.result for outcome in outcomes if outcome.error is None])
            if changed is not None and self._on_change is not None:
                self._on_change(changed)
        finally:
            self._waiting -= len(outcomes)
            for outcome in outcomes:
                _settle(outcome)


def _attempt(connection: Connection, write: _Write) -> _Outcome:
    """One write in its savepoint. Raises only when the whole transaction is lost.

    The statements are given to the driver as they are: SQLAlchemy compiles its own for every savepoint, which costs a
    good part of what an alert does.
    """
    connection.exec_driver_sql("SAVEPOINT work")
    try:
        result = write.work(connection)
    except Exception as error:  # noqa: BLE001 - a work may raise anything; it is its caller's, and nobody else's
        try:
            connection.exec_driver_sql("ROLLBACK TO SAVEPOINT work")
            connection.exec_driver_sql("RELEASE SAVEPOINT work")
        except SQLAlchemyError:  # SQLite gave up the whole transaction (disk full): `error` says why
            raise error from None
        return _Outcome(write, error=explain(error))
    connection.exec_driver_sql("RELEASE SAVEPOINT work")
    return _Outcome(write, result)


def _settle(outcome: _Outcome) -> None:
    if outcome.error is not None:
        outcome.write.done.set_exception(outcome.error)
    else:
        outcome.write.done.set_result(outcome.result)


def backend_of(url: str) -> Backend:
    """The kind of database at this address. Raises `ConfigurationError` for one that is none."""
    try:
        address = make_url(url)
    except ArgumentError:
        raise ConfigurationError("the address of the database is malformed", key="database_url") from None
    if address.get_backend_name() == "sqlite" and address.database not in (None, "", ":memory:"):
        return Sqlite(address)
    if address.get_backend_name() == "postgresql" and address.database:
        return PostgreSql(address)
    raise ConfigurationError(
        "the database must be an SQLite file, such as sqlite:////var/lib/sightline/sightline.db, or a PostgreSQL "
        "database, such as postgresql://sightline@db.example.org/sightline",
        key="database_url",
    )
