"""Video sessions: who may open one, and the engine that holds its other end. The gateway carries offer and answer only.

Nothing is remembered here of a session: it lives in its engine, and ends there with its peer. Whoever ends it shows the
same right, and names its camera.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass

import structlog
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocketDisconnect

from sightline.accounts import Right, require
from sightline.cameras import Camera, is_published
from sightline.deliveries.rendition import Quality
from sightline.events.peer import Answer, EndSession, Offer, PeerDirection
from sightline.exceptions import Conflict, PeerRefused, Unavailable
from sightline.gateway.auth import camera_token_name, hash_machine_token
from sightline.gateway.engines.engine_connection import EngineLink
from sightline.gateway.gateway import Gateway
from sightline.gateway.web.access import Caller, caller_of_bearer
from sightline.ice import IceServer

__all__ = [
    "Publisher",
    "VideoSession",
    "end_session",
    "engine_of",
    "ice_links",
    "open_session",
    "publishable",
    "publisher_of",
    "viewer_of",
]

PATIENCE_S = 3.0
"""A camera that was made just now is with its engine a moment later."""
ANSWER_TIMEOUT_S = 10.0
END_TIMEOUT_S = 2.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class VideoSession:
    """A session that began."""

    id: str
    answer: str


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who publishes: `name` as records show it, `holder` an account's id or the name of a machine token."""

    name: str
    holder: str


async def publisher_of(connection: HTTPConnection, gateway: Gateway, camera_id: str) -> Publisher:
    """Whoever may publish to this camera: the camera's own token, or somebody who manages cameras.

    Raises `Forbidden`, `HTTPException` (401).
    """
    token = gateway.bearer(connection.headers)
    if token is not None:
        name = await gateway.store.machine_tokens.name_of(hash_machine_token(token))
        if name == camera_token_name(camera_id):
            return Publisher(name, name)
    caller = await caller_of_bearer(connection, gateway)
    require(caller.user, Right.MANAGE_CAMERAS)
    return Publisher(caller.user.name, caller.user.id)


async def viewer_of(connection: HTTPConnection, gateway: Gateway) -> Caller:
    """Somebody who may see cameras. Raises `Forbidden`, `HTTPException` (401)."""
    caller = await caller_of_bearer(connection, gateway)
    require(caller.user, Right.SEE_CAMERAS)
    return caller


async def open_session(
    gateway: Gateway, camera_id: str, direction: PeerDirection, offer: str, *, quality: Quality = Quality.SD
) -> VideoSession:
    """Lets the camera's engine answer an offer. Raises `NotFound`, `Conflict`, `PeerRefused`, `Unavailable`."""
    camera = await gateway.store.cameras.get(camera_id)
    if direction == "publish":
        publishable(camera)
    if not camera.enabled:
        raise Conflict(f"the camera {camera.name!r} is switched off")
    engine = await engine_of(gateway, camera)
    session_id = secrets.token_hex(16)
    rendition = gateway.streams.viewers.renditions[quality]
    request = Offer(
        request_id=secrets.token_hex(8),
        session_id=session_id,
        camera_id=camera_id,
        direction=direction,
        offer=offer,
        quality=quality.value,
        fps=rendition.fps,
        max_side=rendition.max_side_px,
    )
    answer = await engine.ask(request, ANSWER_TIMEOUT_S)
    assert isinstance(answer, Answer)
    if answer.error is not None:
        raise PeerRefused(answer.error, answer.error_code)
    return VideoSession(session_id, answer.answer)


async def end_session(gateway: Gateway, camera_id: str, session_id: str) -> None:
    """Ends a session, and returns when the engine has heard it: a device that closes its connection next is then not
    taken for lost. One that is over already stays so. Raises `NotFound` for the camera, `Unavailable`."""
    camera = await gateway.store.cameras.get(camera_id)
    engine = await engine_of(gateway, camera)
    ended = asyncio.Event()
    told = engine.on_session_ended.get(session_id)

    def tell(reason: str) -> None:
        ended.set()
        if told is not None:
            told(reason)

    engine.on_session_ended[session_id] = tell
    try:
        await engine.send(EndSession(session_id=session_id, camera_id=camera_id))
        async with asyncio.timeout(END_TIMEOUT_S):
            await ended.wait()
    except TimeoutError:
        log.warning("engine_slow_to_end_a_session", engine=engine.id, session=session_id)
    except (WebSocketDisconnect, RuntimeError, OSError):
        raise Unavailable("the engine went away; the session with it") from None
    finally:
        if engine.on_session_ended.get(session_id) is tell:
            del engine.on_session_ended[session_id]
            if told is not None:
                engine.on_session_ended[session_id] = told


def ice_links(servers: tuple[IceServer, ...]) -> list[str]:
    """`Link` headers that name the servers (RFC 9725 section 4.6)."""
    links = []
    for server in servers:
        link = f'<{server.url}>; rel="ice-server"'
        if server.username:
            link += f'; username="{_quoted(server.username)}"; credential="{_quoted(server.credential)}"'
            link += '; credential-type="password"'
        links.append(link)
    return links


def publishable(camera: Camera) -> None:
    """Raises `Conflict` for a camera to which nothing can be published now."""
    if not camera.enabled:
        raise Conflict(f"the camera {camera.name!r} is switched off")
    if not is_published(camera.source):
        raise Conflict(f"the camera {camera.name!r} is read from its own address: nothing can be published to it")


async def engine_of(gateway: Gateway, camera: Camera) -> EngineLink:
    """The engine that takes a camera's video; one that is just starting is waited for. Raises `Unavailable`."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + PATIENCE_S
    while (engine := gateway.engines.reader_of(camera.id)) is None:
        if loop.time() >= until_s:
            status = gateway.camera_status(camera.id, enabled=camera.enabled)
            raise Unavailable(f"no engine takes this camera's video ({status.reason}); try again in a moment")
        await asyncio.sleep(0.05)
    return engine


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
