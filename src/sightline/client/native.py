"""The native protocol's client: `Session` decides, this class owns the socket, one timer, the file and the tasks."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import structlog

from sightline.client.effects import (
    Answer,
    Close,
    Deliver,
    Effect,
    Halt,
    Mark,
    Open,
    Outcome,
    Persist,
    Send,
    WantToken,
)
from sightline.client.events import (
    AlertAccepted,
    Connection,
    Event,
    QualityChanged,
    Recorded,
    Statistics,
    StreamStarted,
    StreamStopped,
)
from sightline.client.link import Closed, Failed, Heard, Link, LinkEvent, Opened, socket_address
from sightline.client.mailbox import Mailbox
from sightline.client.outbox import Kept
from sightline.client.outbox_file import OutboxFile
from sightline.client.session import Session, SessionOptions
from sightline.clock import Clock, SystemClock
from sightline.deliveries.entry import Cursor
from sightline.events.alert import Verdict
from sightline.exceptions import ConfigurationError, Forbidden, Unavailable

__all__ = ["SightlineClient", "TokenProvider"]

TokenProvider = Callable[[bool], Awaitable[str]]
"""Fetches an access token; `True` asks for a newer one than the last. Raises `Forbidden` when nobody is signed in; any
other exception means: not now, try again later."""

LONGEST_SLEEP_S = 3600.0

Answered = TypeVar("Answered")

log = structlog.get_logger(__name__)


class SightlineClient:
    """A connection to Sightline that keeps itself alive: an async context manager, and an async iterator of events.

        async with SightlineClient("http://127.0.0.1:8000", token=token, device="desk-3") as client:
            async for event in client:
                if isinstance(event, AlertTriggered):
                    print(event.alert.type, event.alert.person)
                    await client.ack(event.alert.alert_id)

    It reconnects, resumes where the application is, restores subscriptions and keeps acknowledgements until they are
    recorded. Asking for the next event says that the work on the last one is done: only then is the server told, so
    that an alert which the application did not finish comes again after a crash. With `outbox`, the path of a file of
    its own in a folder that exists, both survive `kill -9` of the application.

    `device` names this device for good: the server keeps one place in the log for each user and device, and closes the
    older of two connections of one. The iterator raises `Stopped` when the server wants the client to stay away.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | TokenProvider,
        device: str,
        client_type: str = "desktop_app",
        capabilities: Iterable[str] = (),
        outbox: Path | None = None,
        max_reconnect_attempts: int | None = None,
        jitter: float = 0.5,
        tls: ssl.SSLContext | None = None,
        clock: Clock | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Connects to nothing yet. `client_type` is `frontend`, `desktop_app`, `mobile_app`, or `ai_engine` for a
        program that is an engine: then `token` is a machine token, and `capabilities` says what it can do. `chance` is
        uniform in [0, 1), `jitter` the share by which waits are spread. Raises `ConfigurationError`."""
        self._address = socket_address(url)
        if tls is not None and not self._address.startswith("wss:"):
            raise ConfigurationError("`tls` is of use only with a url that begins with https: or wss:", key="tls")
        self._token = token
        self._tls = tls
        self._path = outbox
        self._options = SessionOptions(device, chance, client_type, jitter, max_reconnect_attempts, tuple(capabilities))
        self._clock = clock or SystemClock()
        self._started_ms = self._clock.now_ms()
        self._started_s = self._clock.monotonic_s()
        self._entered: Session | None = None
        self._file: OutboxFile | None = None
        self._mailbox = Mailbox()
        self._arrived = asyncio.Event()
        self._answers: dict[str, set[asyncio.Future[Any]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._link: Link | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due_ms: int | None = None
        self._fetching: asyncio.Task[None] | None = None
        self._saving: asyncio.Task[None] | None = None
        self._unsaved = False
        self._ended: Exception | None = None
        self._closed = False
        self._iterating = False

    async def __aenter__(self) -> SightlineClient:
        """Starts to connect, and does not wait for it. Raises `Unavailable` when the outbox is in use, `OSError`."""
        if self._entered is not None:
            raise RuntimeError("a client is entered once; make another")
        kept = Kept()
        if self._path is not None:
            self._file, kept = await asyncio.to_thread(_open_outbox, self._path)
        self._entered = Session(self._options, kept)
        self._carry_out(self._entered.connect(self._now_ms()))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Says good-bye. What is not recorded waits in the outbox for the next start."""
        self._carry_out(self._session.disconnect())
        self._closed = True
        self._end(Unavailable("the client was closed before the server had recorded this"))
        if self._fetching is not None:
            self._fetching.cancel()
        if self._saving is not None:
            await self._saving
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._file is not None:
            await asyncio.to_thread(self._file.close)

    # ── the application's side ──

    @property
    def connection(self) -> Connection:
        """The connection's state, and why."""
        return self._session.connection

    @property
    def statistics(self) -> Statistics:
        """The connection in numbers."""
        return self._session.statistics

    def subscribe_camera(self, camera_id: str, *, frames: bool = False, max_fps: float | None = None) -> None:
        """From now on, over reconnections too: `FaceResult`s of a camera (`*`: of all), `Picture`s when `frames`.

        Raises `Unavailable` for more cameras than a server allows.
        """
        self._carry_out(self._session.subscribe(camera_id, frames=frames, max_fps=max_fps))

    def unsubscribe_camera(self, camera_id: str) -> None:
        """No longer."""
        self._carry_out(self._session.unsubscribe(camera_id))

    async def ack(self, alert_id: str, verdict: Verdict | None = None) -> Recorded:
        """A person has taken this alert. Returns once the server has recorded it, over however many reconnections.

        Raises `AckRefused` when the server never will, `Stopped` when the connection ended for good, `Unavailable` when
        the client was closed before, or too many acknowledgements wait. Whoever gives up waiting takes nothing back.
        """
        self._check_open()
        return await self._answered(Recorded, *self._session.acknowledge(alert_id, verdict, self._now_ms()))

    async def decline(self, alert_id: str, reason: str = "") -> Recorded:
        """A person cannot take this alert: the next one is told. Returns and raises like `ack`."""
        self._check_open()
        now_ms = self._now_ms()
        asked = self._session.acknowledge(alert_id, None, now_ms, decline=True, reason=reason)
        return await self._answered(Recorded, *asked)

    def set_duty(self, on: bool) -> None:
        """The user is on duty from now on, or not; said again after a reconnection. `DutyStatus` is the answer."""
        self._carry_out(self._session.switch_duty(on, self._now_ms()))

    def update_location(self, latitude: float, longitude: float, accuracy_m: float | None = None) -> None:
        """Where a `mobile_app` is, in WGS 84 degrees; said again after a reconnection within two minutes."""
        accuracy = {} if accuracy_m is None else {"accuracy_m": accuracy_m}
        location = {"latitude": latitude, "longitude": longitude, **accuracy}
        self._carry_out(self._session.locate(location, self._now_ms()))

    def forget_location(self) -> None:
        """The device's position is not said again."""
        self._carry_out(self._session.locate(None, self._now_ms()))

    async def start_stream(self, camera_id: str, *, quality: str = "sd", rtsp_url: str | None = None) -> StreamStarted:
        """A stream of a camera for a player, started again after a reconnection (`StreamStarted` then has its new
        address). `quality` is `thumbnail`, `sd` or `hd`. With `rtsp_url` the camera is made, or given this source.

        Raises `StreamRefused` when there is no such stream, or no answer in 30 s; `Stopped`, `Unavailable`.
        """
        self._check_open()
        asked = self._session.start_stream(camera_id, quality, rtsp_url, self._now_ms())
        return await self._answered(StreamStarted, *asked)

    async def change_stream_quality(self, camera_id: str, quality: str) -> QualityChanged:
        """Another quality; whoever plays the stream goes on. Raises like `start_stream`."""
        self._check_open()
        return await self._answered(QualityChanged, *self._session.change_stream(camera_id, quality, self._now_ms()))

    async def stop_stream(self, camera_id: str) -> StreamStopped:
        """Ends a stream. Raises like `start_stream`."""
        self._check_open()
        return await self._answered(StreamStopped, *self._session.stop_stream(camera_id, self._now_ms()))

    # ── what a program that is an engine says (`client_type="ai_engine"`) ──

    def send_ai_detection_result(self, camera_id: str, detections: Iterable[dict[str, Any]], **frame: Any) -> None:
        """What a camera shows now: `label`, `confidence` and `bbox` of each; `frame_id`, `timestamp`, `width`, `height`
        of the `frame`. Without a connection the newest of a camera waits for one."""
        data = {"camera_id": camera_id, "detections": list(detections), **frame}
        self._carry_out(self._session.report("ai_detection_result", data))

    def send_face_detection_result(self, camera_id: str, faces: Iterable[dict[str, Any]], **frame: Any) -> None:
        """The faces that a camera shows now: `bbox`, `confidence` and whatever else is known of each."""
        self._carry_out(
            self._session.report("face_detection_result", {"camera_id": camera_id, "faces": list(faces), **frame})
        )

    async def send_alert(self, alert_id: str, type: str, camera_id: str, **more: Any) -> AlertAccepted:
        """People have to be told: returns once that is on the server's disk, over however many reconnections (and, with
        an `outbox`, restarts). `more`: `severity`, `message`, `timestamp`, `similarity`, `person`, `person_id`,
        `snapshot`. Raises `AlertRefused` when the server never will; `Stopped`, `Unavailable`."""
        self._check_open()
        data = {"alert_id": alert_id, "type": type, "camera_id": camera_id, **more}
        return await self._answered(AlertAccepted, *self._session.raise_alert(data, self._now_ms()))

    def _check_open(self) -> None:
        if self._closed:
            raise Unavailable("the client was closed")

    async def _answered(self, kind: type[Answered], id: str, effects: list[Effect]) -> Answered:
        """Asks, and waits for the answer."""
        answer: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        self._answers.setdefault(id, set()).add(answer)
        self._carry_out(effects)
        if self._ended is not None and not answer.done():
            answer.set_exception(self._ended)
        try:
            return await answer
        finally:
            self._answers.get(id, set()).discard(answer)

    def __aiter__(self) -> SightlineClient:
        return self

    async def __anext__(self) -> Event:
        """The next event; all before it are done with. Raises `Stopped` after the last one."""
        if self._iterating:
            raise RuntimeError("another task is waiting for this client's next event")
        self._iterating = True
        try:
            while not self._closed:
                event = self._next_event()
                if event is not None:
                    return event
                if self._ended is not None:
                    raise self._ended
                self._arrived.clear()
                await self._arrived.wait()
            raise StopAsyncIteration
        finally:
            self._iterating = False

    def _next_event(self) -> Event | None:
        while isinstance(item := self._mailbox.take(), Cursor):
            self._carry_out(self._session.handled(item, self._now_ms()))
        return item

    # ── effects ──

    @property
    def _session(self) -> Session:
        if self._entered is None:
            raise RuntimeError("use the client inside `async with`")
        return self._entered

    def _told(self, link: Link, event: LinkEvent) -> None:
        """Something happened to a link."""
        if link is not self._link:
            return
        now_ms = self._now_ms()
        match event:
            case Opened():
                self._carry_out(self._session.opened(now_ms))
            case Heard(message=str() as text):
                self._carry_out(self._session.text(text, now_ms))
            case Heard(message=bytes() as data):
                self._carry_out(self._session.binary(data, now_ms))
            case Failed(reason=reason, answered=answered, retry_ms=retry_ms):
                self._link = None
                self._carry_out(self._session.failed(reason, now_ms, answered=answered, retry_ms=retry_ms))
            case Closed(code=code, reason=reason):
                self._link = None
                self._carry_out(self._session.closed(code, reason, now_ms))

    def _now_ms(self) -> int:
        """Milliseconds since the epoch at the start, and from then on a clock that never jumps."""
        return self._started_ms + int((self._clock.monotonic_s() - self._started_s) * 1000)

    def _carry_out(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            self._perform(effect)
        self._set_timer()

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Open():
                self._link = Link(self._address, self._tls, self._told)
                self._watch(self._link.start())
            case Close(code=code, reason=reason):
                link, self._link = self._link, None
                if link is not None:
                    link.leave(code, reason)
            case Send(type=type, data=data, id=id):
                if self._link is not None:
                    self._link.send(type, data, id)
            case WantToken(fresh=fresh):
                if self._fetching is not None:
                    self._fetching.cancel()
                self._fetching = self._watch(asyncio.create_task(self._fetch_token(fresh)))
            case Deliver(event=event):
                self._arrived.set()
                if not self._mailbox.put(event):
                    self._carry_out(self._session.overflowed(event, self._now_ms()))
            case Mark(cursor=cursor):
                self._mailbox.mark(cursor)
                self._arrived.set()
            case Answer(id=id, outcome=outcome):
                self._answer(id, outcome)
            case Persist():
                self._save_soon()
            case Halt(stopped=stopped):
                self._end(stopped)

    def _answer(self, id: str, outcome: Outcome) -> None:
        for answer in self._answers.pop(id, ()):
            if answer.done():
                continue
            if isinstance(outcome, Exception):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)

    def _end(self, why: Exception) -> None:
        """Nothing more will come: whoever waits is told."""
        self._ended = self._ended or why
        self._arrived.set()
        for answers in self._answers.values():
            for answer in answers:
                if not answer.done():
                    answer.set_exception(self._ended)

    def _set_timer(self) -> None:
        at_ms = self._session.next_tick_at_ms()
        if at_ms == self._due_ms:
            return
        self._due_ms = at_ms
        if self._timer is not None:
            self._timer.cancel()
        if at_ms is not None:
            delay_s = min(max(at_ms - self._now_ms(), 0) / 1000, LONGEST_SLEEP_S)
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._ring)

    def _ring(self) -> None:
        self._due_ms = None
        self._watch(asyncio.create_task(self._tick()))

    async def _tick(self) -> None:
        self._carry_out(self._session.tick(self._now_ms()))

    async def _fetch_token(self, fresh: bool) -> None:
        try:
            token = self._token if isinstance(self._token, str) else await self._token(fresh)
        except Forbidden as problem:
            self._carry_out(self._session.signed_out(str(problem), self._now_ms()))
        except Exception as problem:  # noqa: BLE001 - whatever an application's provider raises is a reason to try later
            reason = f"no token could be fetched: {problem}"
            self._carry_out(self._session.token_unavailable(reason, self._now_ms()))
        else:
            self._carry_out(self._session.token(token, self._now_ms()))

    def _save_soon(self) -> None:
        """Writes what is to be kept; changes made while the disk is busy share the next write."""
        self._unsaved = True
        if self._file is not None and self._saving is None:
            self._saving = self._watch(asyncio.create_task(self._save(self._file)))

    async def _save(self, file: OutboxFile) -> None:
        while self._unsaved:
            self._unsaved = False
            try:
                await asyncio.to_thread(file.save, self._session.kept)
            except OSError as problem:
                # The next change tries again. Until then a crash repeats alerts and forgets taps, which is worth a log.
                log.error("outbox_not_saved", reason=str(problem))
        self._saving = None

    def _watch(self, task: asyncio.Task[None]) -> asyncio.Task[None]:
        """Keeps the task alive; a defect in it ends the client instead of being swallowed."""
        self._tasks.add(task)
        task.add_done_callback(self._task_done)
        return task

    def _task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and isinstance(defect := task.exception(), Exception):
            self._end(defect)


def _open_outbox(path: Path) -> tuple[OutboxFile, Kept]:
    file = OutboxFile(path)
    try:
        return file, file.load()
    except OSError:
        file.close()
        raise
