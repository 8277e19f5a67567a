"""WebRTC by aiortc: the far end of a session, in a thread with an event loop of its own.

A session begins with an offer and its answer, both whole (no trickle), and lives until its peer, or whoever opened it,
ends it, or until nothing has been heard for `SILENT_SESSION_S`. Encoded pictures are taken out of aiortc before its
decoder, which would decode every one of them: a `Publication` has them, and decodes those that somebody wants.
Bound: `MAX_SESSIONS`. Policy when full: the offer is refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import structlog
from aiortc import (
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.rtcconfiguration import RTCBundlePolicy

from sightline.exceptions import PeerRefused
from sightline.ingest.published import Publication, Publications, PublishedCodec, PublishedPacket
from sightline.ingest.webrtc_keys import take_any_key
from sightline.ingest.webrtc_network import MediaLoop, MediaNetwork, announced
from sightline.ingest.webrtc_playing import PacketTrack, offer_to_play
from sightline.packets import TICKS_PER_MS, EncodedPacket

__all__ = ["Session", "WebRtcPeers", "stands_alone"]

MAX_SESSIONS = 64
SETUP_S = 15.0
"""A session whose peer could not be reached within this time is given up."""
SILENT_SESSION_S = 30.0
CHECK_INTERVAL_S = 1.0
CLOSE_S = 2.0
STOPPED = "the device stopped"

Answered = TypeVar("Answered")

_log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class Session:
    """One peer. `stop` is called once, with the reason of the end and whether its user wanted it; `heard_at_s` says
    when it last gave a sign."""

    id: str
    camera_id: str
    connection: RTCPeerConnection
    begun_at_s: float
    stop: Callable[[str, bool], None]
    heard_at_s: Callable[[], float]
    answered: bool = False
    ending: bool = False


class WebRtcPeers:
    """All sessions of one engine, and the pictures that devices push. Every method may be called from any thread but
    `push`, which is the event loop's; nothing starts before the first offer.
    """

    def __init__(self, publications: Publications, network: MediaNetwork) -> None:
        self.on_ended: Callable[[str, str], None] = lambda session_id, reason: None
        self._publications = publications
        self._pushed: OrderedDict[str, Publication] = OrderedDict()
        self._network = network
        self._servers = [
            RTCIceServer(urls=server.url, username=server.username or None, credential=server.credential or None)
            for server in network.ice_servers
        ]
        self._sessions: dict[str, Session] = {}
        self._finishing: set[asyncio.Future[Any]] = set()
        """Negotiations and closings under way: a connection that is left in the middle of one keeps its sockets."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._closed = False

    def publish(self, session_id: str, camera_id: str, offer: str) -> Future[str]:
        """The answer to a peer that brings a camera's pictures. Raises `PeerRefused`."""
        return self._run(self._publish(session_id, camera_id, offer))

    def push(self, session_id: str, camera_id: str, timestamp_ms: int, jpeg: bytes) -> None:
        """A camera's next picture, from a device that pushes pictures; a session that has ended is not begun again."""
        publication = self._pushed.get(session_id)
        if publication is None:
            publication = Publication(
                self._publications, camera_id, ended=lambda reason: self.on_ended(session_id, reason)
            )
            self._pushed[session_id] = publication
            while len(self._pushed) > MAX_SESSIONS:
                self._pushed.popitem(last=False)[1].end("too many devices push pictures to this engine")
        publication.put(PublishedPacket("mjpeg", jpeg, timestamp_ms * TICKS_PER_MS, key=True))

    def play(
        self, session_id: str, camera_id: str, offer: str, ended: Callable[[], None]
    ) -> Future[tuple[str, Callable[[EncodedPacket], None]]]:
        """The answer to a peer that wants a camera's video, and where its packets go, H.264 from a keyframe on.

        `ended` is called from the sessions' thread. Raises `PeerRefused`.
        """
        return self._run(self._play(session_id, camera_id, offer, ended))

    def end(self, session_id: str, camera_id: str, reason: str = "") -> None:
        """Whoever opened this session of this camera ends it, or may hold it no more for this `reason`; an unknown one
        has ended already."""
        publication = self._pushed.get(session_id)
        if publication is not None and publication.camera_id == camera_id:
            publication.end(reason or STOPPED, resting=True)
            return
        if self._loop is None:
            self.on_ended(session_id, reason or STOPPED)
            return
        asyncio.run_coroutine_threadsafe(self._end_if_of(session_id, camera_id, reason or STOPPED), self._loop)

    def camera_gone(self, camera_id: str) -> None:
        """Ends all sessions of a camera that is not read here any more."""
        reason = "this camera is not read any more"
        for publication in list(self._pushed.values()):
            if publication.camera_id == camera_id:
                publication.end(reason)
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._end_all(reason, camera_id), self._loop)

    def close(self) -> None:
        """Ends everything; waits for a moment."""
        with self._starting:
            already, self._closed = self._closed, True
            loop, thread = self._loop, self._thread
        if loop is not None and thread is not None and not already:
            with contextlib.suppress(TimeoutError):
                asyncio.run_coroutine_threadsafe(self._shut_down(), loop).result(CLOSE_S)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(CLOSE_S)

    def _run(self, work: Coroutine[Any, Any, Answered]) -> Future[Answered]:
        with self._starting:
            if self._closed:
                work.close()
                raise PeerRefused("this engine is ending", "SYSTEM_FULL")
            if self._loop is None:
                self._loop = MediaLoop(self._network.ports)
                self._thread = threading.Thread(target=_run, args=(self._loop,), name="webrtc", daemon=True)
                self._thread.start()
                asyncio.run_coroutine_threadsafe(self._watch(), self._loop)
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    # ── in the thread of the sessions ──

    async def _publish(self, session_id: str, camera_id: str, offer: str) -> str:
        publication: Publication

        def begin(connection: RTCPeerConnection) -> Session:
            nonlocal publication
            receiver = _video_of(connection, "publish").receiver
            publication = Publication(
                self._publications,
                camera_id,
                want_key_frame=_decoder_error(receiver).set,
                ended=lambda reason: self._end_soon(session_id, reason),
            )
            _divert(receiver, publication.put)
            return Session(
                session_id,
                camera_id,
                connection,
                time.monotonic(),
                stop=lambda reason, resting: publication.end(reason, resting=resting),
                heard_at_s=lambda: publication.heard_at_s,
            )

        return await self.answer(offer, begin)

    async def _play(
        self, session_id: str, camera_id: str, offer: str, ended: Callable[[], None]
    ) -> tuple[str, Callable[[EncodedPacket], None]]:
        track = PacketTrack(asyncio.get_running_loop())

        def begin(connection: RTCPeerConnection) -> Session:
            _video_of(connection, "play")
            return Session(
                session_id,
                camera_id,
                connection,
                time.monotonic(),
                stop=lambda reason, resting: ended(),
                heard_at_s=time.monotonic,  # a peer that is gone is noticed by ICE (RFC 7675)
            )

        answer = await self.answer(offer, begin, lambda connection: offer_to_play(connection, offer, track))
        return answer, track.put

    async def answer(
        self,
        offer: str,
        begin: Callable[[RTCPeerConnection], Session],
        prepare: Callable[[RTCPeerConnection], None] = lambda connection: None,
    ) -> str:
        """Opens a session: `prepare` gets the connection before it knows the offer, `begin` after. Raises
        `PeerRefused`."""
        if len(self._sessions) >= MAX_SESSIONS:
            raise PeerRefused(f"this engine has {MAX_SESSIONS} video sessions already", "SYSTEM_FULL")
        connection = RTCPeerConnection(
            RTCConfiguration(iceServers=self._servers, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        )
        take_any_key(connection)

        async def negotiated() -> str:
            try:
                prepare(connection)
                return await self._negotiated(connection, offer, begin)
            except BaseException:
                await connection.close()
                raise

        return announced(await self._finished(negotiated()), self._network.addresses)

    async def _negotiated(
        self, connection: RTCPeerConnection, offer: str, begin: Callable[[RTCPeerConnection], Session]
    ) -> str:
        try:
            await connection.setRemoteDescription(RTCSessionDescription(sdp=offer, type="offer"))
        except Exception as error:  # noqa: BLE001  # aiortc's parser fails in as many ways as an offer can be wrong
            raise PeerRefused(f"the offer cannot be used: {_said(error)}", "INVALID_OFFER") from None
        session = begin(connection)
        for transceiver in connection.getTransceivers():
            if transceiver.kind == "audio":
                transceiver.direction = "inactive"
        connection.on("connectionstatechange", lambda: self._state_changed(session))
        self._sessions[session.id] = session
        try:
            await connection.setLocalDescription(await connection.createAnswer())
        except Exception as error:  # noqa: BLE001  # likewise
            self._sessions.pop(session.id, None)
            session.ending = True
            session.stop("the session could not begin", False)
            raise PeerRefused(f"the offer cannot be answered: {_said(error)}", "INVALID_OFFER") from None
        session.answered = True
        if session.ending:
            raise PeerRefused("the session ended before it began", "NOT_READ_HERE")
        return str(connection.localDescription.sdp)

    def _state_changed(self, session: Session) -> None:
        state = session.connection.connectionState
        if state == "failed":
            self._end_soon(session.id, "the connection to the device was lost")
        elif state == "closed":
            self._end_soon(session.id, "the device closed the connection")

    def _end_soon(self, session_id: str, reason: str) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            asyncio.run_coroutine_threadsafe(self._end_by_id(session_id, reason, resting=False), loop)

    async def _end_by_id(self, session_id: str, reason: str, resting: bool) -> None:
        session = self._sessions.pop(session_id, None)
        if session is None or session.ending:
            return
        session.ending = True
        session.stop(reason, resting)
        self.on_ended(session_id, reason)
        _log.info("a video session ended", session=session_id, camera=session.camera_id, reason=reason)
        if session.answered:  # else whoever negotiates closes it: aioice forgets sockets that it is just opening
            await self._finished(session.connection.close())

    async def _finished(self, step: Coroutine[Any, Any, Answered]) -> Answered:
        """Its result; it goes on to its end, whatever becomes of its caller."""
        task = asyncio.ensure_future(step)
        self._finishing.add(task)
        task.add_done_callback(self._finishing.discard)
        return await asyncio.shield(task)

    async def _end_if_of(self, session_id: str, camera_id: str, reason: str) -> None:
        session = self._sessions.get(session_id)
        if session is None:
            self.on_ended(session_id, reason)
        elif session.camera_id == camera_id:
            await self._end_by_id(session_id, reason, resting=True)

    async def _end_all(self, reason: str, camera_id: str | None = None) -> None:
        ending = [session.id for session in self._sessions.values() if camera_id in (None, session.camera_id)]
        await asyncio.gather(*(self._end_by_id(session_id, reason, False) for session_id in ending))

    async def _shut_down(self) -> None:
        await self._end_all("the engine is ending")
        await asyncio.gather(*self._finishing, return_exceptions=True)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _watch(self) -> None:
        """Ends what was never reached, and what fell silent for good."""
        while True:
            await asyncio.sleep(CHECK_INTERVAL_S)
            now_s = time.monotonic()
            for session in list(self._sessions.values()):
                connected = session.connection.connectionState == "connected"
                if not connected and now_s - session.begun_at_s > SETUP_S:
                    await self._end_by_id(session.id, "the device could not be reached by UDP", False)
                elif now_s - session.heard_at_s() > SILENT_SESSION_S:
                    await self._end_by_id(session.id, f"nothing came for {SILENT_SESSION_S:g} s", False)


class _EncodedPictures:
    """Stands where a receiver puts what its decoder is to decode: pictures go elsewhere, the decoder's end goes on."""

    def __init__(self, put: Callable[[PublishedPacket], None]) -> None:
        self._put = put
        self._for_decoder: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._ticks: int | None = None

    def put(self, task: tuple[Any, Any] | None) -> None:
        if task is None:
            self._for_decoder.put(None)
            return
        codec, encoded = task
        name: Literal["h264", "vp8"] | None = _CODECS.get(codec.name.lower())
        if name is not None and encoded.data:
            self._put(PublishedPacket(name, encoded.data, encoded.timestamp, stands_alone(name, encoded.data)))

    def get(self) -> None:
        return self._for_decoder.get()


_CODECS: dict[str, Literal["h264", "vp8"]] = {"h264": "h264", "vp8": "vp8"}


def _divert(receiver: RTCRtpReceiver, put: Callable[[PublishedPacket], None]) -> None:
    """aiortc has no seam here: the queue of a receiver that has not started yet is replaced."""
    if not hasattr(receiver, "_RTCRtpReceiver__decoder_queue"):
        raise PeerRefused("this version of aiortc keeps its pictures elsewhere", "NOT_SUPPORTED")
    receiver._RTCRtpReceiver__decoder_queue = _EncodedPictures(put)


def _decoder_error(receiver: RTCRtpReceiver) -> threading.Event:
    """What a receiver's decoder sets to have its peer asked for a key frame (PLI, RFC 4585 section 6.3.1)."""
    event = getattr(receiver, "_RTCRtpReceiver__decoder_error", None)
    return event if isinstance(event, threading.Event) else threading.Event()


def _video_of(connection: RTCPeerConnection, direction: Literal["publish", "play"]) -> RTCRtpTransceiver:
    """The first video of an offer, which must go the right way. Raises `PeerRefused`."""
    videos = [transceiver for transceiver in connection.getTransceivers() if transceiver.kind == "video"]
    if not videos:
        raise PeerRefused("the offer holds no video", "INVALID_OFFER")
    if direction == "publish" and videos[0].receiver.track is None:
        raise PeerRefused("the offer sends no video: a publisher offers `sendonly`", "INVALID_OFFER")
    for other in videos[1:]:
        other.direction = "inactive"
    return videos[0]


def stands_alone(codec: PublishedCodec, data: bytes) -> bool:
    """Whether an encoded picture can be decoded without those before it.

    VP8: the first bit of the frame tag is 0 (RFC 6386 section 9.1). H.264 in Annex B: a slice of an IDR picture.
    """
    if codec == "vp8":
        return bool(data) and not data[0] & 1
    if codec == "h264":
        at = data.find(b"\x00\x00\x01")
        while at >= 0 and at + 3 < len(data):
            if data[at + 3] & 0x1F == 5:
                return True
            at = data.find(b"\x00\x00\x01", at + 3)
        return False
    return True


def _run(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
